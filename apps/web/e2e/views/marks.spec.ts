import type { Locator, Page } from '@playwright/test';

import { expect, expectAccessible, expectFits, room, test } from '../support/views';

/** Somebody writes, and is called, with as many marks over and under a letter as they get through. */

/** The edge of a box may lie between two points. */
const EDGE = 40;

/** How many colours of points two pictures of the page differ in, but for how a processor rounds. */
function difference(page: Page, pictures: readonly Buffer[]): Promise<number> {
  return page.evaluate(
    async (all) => {
      const points = all.map(async (picture) => {
        const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes]));
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
        context?.drawImage(image, 0, 0);
        return context?.getImageData(0, 0, image.width, image.height).data ?? new Uint8ClampedArray();
      });
      const [one, other] = await Promise.all(points);
      return one?.filter((value, at) => Math.abs(value - (other?.[at] ?? 0)) > 16).length ?? 0;
    },
    pictures.map((picture) => picture.toString('base64')),
  );
}

/**
 * Nothing of what is drawn in a box is seen outside of it: there it looks the same without. How high marks are piled is the font's
 * affair; a shadow far above and below stands for one that knows no end.
 */
async function expectInside(page: Page, box: Locator, drawn: Locator): Promise<void> {
  await expect(drawn.first()).toBeVisible();
  const look = () => page.screenshot({ animations: 'disabled', mask: [box] });
  const show = (visibility: string) =>
    drawn.evaluateAll((elements, value) => {
      for (const element of elements) (element as HTMLElement).style.visibility = value;
    }, visibility);
  await drawn.evaluateAll((elements) => {
    for (const element of elements)
      if (!element.matches('.avatar')) (element as HTMLElement).style.textShadow = '0 -3rem red, 0 3rem red';
  });
  const before = await look();
  await show('hidden');
  const after = await look();
  await show('');
  expect(await difference(page, [before, after]), `${String(drawn)} outside of ${String(box)}`).toBeLessThan(
    EDGE,
  );
}

const line = (page: Page, text: RegExp | string) =>
  page.getByRole('list', { name: 'Messages' }).getByRole('listitem').filter({ hasText: text });

test('marks without number stay in their line, and the page stays usable', async ({ page, open }) => {
  await open('marks', room(8));
  await expect(line(page, 'To that I say nothing.')).toBeVisible();
  await expectFits(page);
  await expectAccessible(page);
  const shown = page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
  for (let at = 0; at < (await shown.count()); at += 1) {
    const row = shown.nth(at);
    if (!(await row.evaluate((element) => element.checkVisibility()))) continue;
    const words = row.locator('.said, .text, .avatar').filter({ visible: true });
    await expectInside(page, row, words);
  }
  const header = page.locator('header').filter({ has: page.getByTestId('status') });
  await expectInside(page, header, header.locator('.title, .avatar'));

  const composer = page.getByRole('textbox', { name: /Message to/ });
  await composer.fill('Enough');
  await composer.press('Enter');
  await expect(line(page, 'Enough')).toBeInViewport();

  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  for (const person of await details.getByRole('listitem').filter({ hasText: '@salma' }).all()) {
    await expectInside(page, person, person.locator('.said, .one-line, .avatar'));
  }
});

test('nor do they leave their row in the list', async ({ page, open }) => {
  await open('marks');
  const row = page.locator(`a[href="${room(8)}"]`);
  await expectInside(page, row, row.locator('.title, .preview, .avatar'));
});
