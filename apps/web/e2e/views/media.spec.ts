import type { Page } from '@playwright/test';

import { png } from '../support/picture';
import { expect, expectAccessible, room, test, toBeginning } from '../support/views';

const photo = { name: 'lake.png', mimeType: 'image/png', buffer: png(80, 60, [70, 120, 160]) };

/** The server's part of files. */
async function serveBlobs(page: Page): Promise<string[]> {
  const asked: string[] = [];
  await page.route('**/v1/blobs/**', (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    return route.fulfill({ contentType: 'image/png', body: png(320, 240, [96, 140, 150]) });
  });
  return asked;
}

const firstPicture = (page: Page) =>
  page.getByRole('button', { name: 'Open: Five people on a jetty in the evening sun' });
const tray = (page: Page) => page.getByRole('list', { name: 'Attached files' });
const commands = (page: Page, type: string) =>
  page.evaluate((wanted) => window.pipit?.commands.filter((command) => command.type === wanted) ?? [], type);

for (const scheme of ['light', 'dark'] as const) {
  test(`files of every kind, ${scheme}`, async ({ page, open }, info) => {
    await page.emulateMedia({ colorScheme: scheme });
    const asked = await serveBlobs(page);
    await open('media', room(20));
    await expect(page.getByText('Route along the river.pdf')).toBeVisible();
    await expect(page.getByText('Your files take up all the space you have here.').first()).toBeVisible();
    await expectAccessible(page);
    await toBeginning(page, firstPicture(page));
    await expect.poll(() => asked.some((path) => path.endsWith('/thumb/1280'))).toBe(true);
    await expectAccessible(page);
    await page.screenshot({ path: info.outputPath(`media-${scheme}.png`) });
  });
}

test('files are attached, described, taken out and sent', async ({ page, open }, info) => {
  await open('full', room(1));
  await page
    .getByTestId('attach')
    .setInputFiles([
      photo,
      { name: 'plan.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') },
    ]);
  await expect(tray(page).getByRole('listitem')).toHaveCount(2);
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath('tray.png') });
  await page.getByLabel('Caption of lake.png').fill('The lake at noon');
  await page.getByRole('button', { name: 'Remove plan.pdf' }).click();
  await expect(tray(page).getByRole('listitem')).toHaveCount(1);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(tray(page)).toBeHidden();
  await expect(page.getByRole('button', { name: 'Open: The lake at noon' })).toBeVisible();
  const sent = await commands(page, 'send_message');
  expect(sent).toMatchObject([
    {
      text: '',
      attachments: [
        { name: 'lake.png', media_type: 'image/png', width: 80, height: 60, caption: 'The lake at noon' },
      ],
    },
  ]);
});

test('files are pasted and dropped', async ({ page, open }) => {
  await open('full', room(1));
  const composer = page.getByRole('textbox', { name: /Message to/ });
  const transfer = (name: string) =>
    page.evaluateHandle((called) => {
      const data = new DataTransfer();
      data.items.add(new File(['x'], called, { type: 'text/plain' }));
      return data;
    }, name);
  await composer.evaluate(
    (element, clipboardData) => {
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    },
    await transfer('pasted.txt'),
  );
  await expect(tray(page)).toContainText('pasted.txt');

  const section = page.locator('section.main');
  const dataTransfer = await transfer('dropped.txt');
  await section.dispatchEvent('dragenter', { dataTransfer });
  await expect(page.getByText('Drop files to attach them')).toBeVisible();
  await section.dispatchEvent('drop', { dataTransfer });
  await expect(page.getByText('Drop files to attach them')).toBeHidden();
  await expect(tray(page)).toContainText('dropped.txt');
});

test('what the server would not take is said before anything is sent', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByTestId('attach').evaluate((input: HTMLInputElement) => {
    const large = new File(['x'], 'film.mp4', { type: 'video/mp4' });
    Object.defineProperty(large, 'size', { value: 200 * 1024 * 1024 });
    // The list would give files of its own making.
    Object.defineProperty(input, 'files', { value: [large], configurable: true });
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await expect(
    page.getByText('“film.mp4” has 200 MB. Files of up to 100 MB can be sent here.'),
  ).toBeVisible();
  await expect(tray(page)).toBeHidden();
  await expectAccessible(page);
  await page.getByRole('alert').getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByText('“film.mp4” has 200 MB.')).toBeHidden();
});

test('what there is no room for is said in the composer', async ({ page, open }) => {
  await open('no-room', room(1));
  await page.getByTestId('attach').setInputFiles(photo);
  const alert = page.getByRole('alert').filter({ hasText: 'Of the 5 GB that all your files may have here' });
  await expect(alert).toBeVisible();
  await page.getByRole('button', { name: 'Remove lake.png' }).click();
  await expect(alert).toBeHidden();
});

test('a picture is looked at, enlarged, and the next one too, by keyboard', async ({ page, open }, info) => {
  await serveBlobs(page);
  await open('media', room(20));
  await toBeginning(page, firstPicture(page));
  await firstPicture(page).click();
  const viewer = page.getByRole('dialog', { name: 'Five people on a jetty in the evening sun' });
  await expect(viewer).toBeVisible();
  await expect(viewer.getByText('1 of 6')).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath('viewer.png') });
  await page.keyboard.press('+');
  await expect(viewer.locator('.moved')).toHaveCSS('transform', /matrix\(1\.5/);
  await page.keyboard.press('0');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('dialog').getByText('2 of 6')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('a file on its way is paused, goes on, and is taken back', async ({ page, open }) => {
  await serveBlobs(page);
  await open('media', room(20));
  // Why a file could not be sent is said once, beside it.
  await expect(page.getByText(/Your files take up all the space/)).toHaveCount(1);
  await page.getByRole('button', { name: 'Pause sending sunset.jpg' }).click();
  await expect(page.getByRole('button', { name: 'Go on sending sunset.jpg' })).toBeVisible();
  await page.getByRole('button', { name: 'Go on sending sunset.jpg' }).click();
  await page.getByRole('button', { name: 'Do not send backup.zip' }).click();
  await expect(page.getByText('backup.zip')).toBeHidden();
  expect(await commands(page, 'cancel_upload')).toHaveLength(1);
});
