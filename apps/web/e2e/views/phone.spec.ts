import type { Locator, Page } from '@playwright/test';

import { longPress, pinch, swipe } from '../support/phone';
import { png } from '../support/picture';
import { expect, room, test, toBeginning } from '../support/views';

test('one pane at a time: the list, a conversation, and back by the browser', async ({ page, open }) => {
  await open('full');
  await page.getByRole('link', { name: /Mila Novak/ }).tap();
  await expect(page.getByRole('heading', { name: 'Mila Novak' })).toBeFocused();
  await expect(page.getByRole('navigation')).toBeHidden();
  await page.goBack();
  await expect(page.getByRole('link', { name: /Mila Novak/ })).toBeVisible();
  await page.getByRole('link', { name: /Mila Novak/ }).tap();
  await page.getByRole('button', { name: 'Back', exact: true }).tap();
  await expect(page.getByRole('link', { name: /Mila Novak/ })).toBeFocused();
  await page.goForward();
  await expect(page.getByRole('heading', { name: 'Mila Novak' })).toBeVisible();
});

test('a link to a conversation leads back to the list, too', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Back', exact: true }).tap();
  await expect(page.getByRole('link', { name: /Harbour Rowing Club/ })).toBeVisible();
});

test('the way back takes the details away before it leads to the list', async ({ page, open }) => {
  await open('full');
  const details = page.getByRole('complementary', { name: 'Details' });
  await page.getByRole('link', { name: /Harbour Rowing Club/ }).tap();
  await page.getByRole('button', { name: 'Details' }).tap();
  await expect(details).toBeVisible();
  // What they lie over is not gone to by any other way.
  const composer = page.getByRole('textbox', { name: /^Message to/ });
  await composer.evaluate((field) => field.focus());
  await expect(composer).not.toBeFocused();
  await page.goBack();
  await expect(details).toBeHidden();
  await expect(page.getByRole('button', { name: 'Details' })).toBeFocused();

  await page.getByRole('button', { name: 'Details' }).tap();
  await details.getByRole('button', { name: 'Close details' }).tap();
  await expect(details).toBeHidden();
  await page.getByRole('button', { name: 'Back', exact: true }).tap();
  await expect(page.getByRole('link', { name: /Harbour Rowing Club/ })).toBeFocused();
});

test('the way back closes what is open, the topmost first, and stays in the conversation', async ({
  page,
  open,
}) => {
  await open('full');
  await page.getByRole('link', { name: /Harbour Rowing Club/ }).tap();
  const heading = page.getByRole('heading', { name: 'Harbour Rowing Club' });
  const dialog = page.getByRole('dialog');

  await test.step('the menu of a message, and what it opens', async () => {
    const menu = page.getByRole('menu', { name: 'Actions for this message' });
    const words = page.locator('[data-key] .other .text').last();
    await longPress(page, words, menu);
    await page.goBack();
    await expect(menu).toBeHidden();
    await longPress(page, words, menu);
    await menu.getByRole('menuitem', { name: 'Forward' }).tap();
    await expect(dialog).toBeVisible();
    await page.goBack();
    await expect(dialog).toBeHidden();
    await expect(heading).toBeVisible();
  });

  await test.step('messages that are being chosen', async () => {
    const words = page.locator('[data-key] .other .text').last();
    const chosen = page.getByRole('toolbar', { name: 'Selected messages' });
    await longPress(page, words, page.getByRole('menu'));
    await page.getByRole('menuitem', { name: 'Select' }).tap();
    await expect(chosen).toBeVisible();
    await page.goBack();
    await expect(chosen).toBeHidden();
    await expect(heading).toBeVisible();
  });

  await test.step('the search within it, which stays for as long as one goes from place to place', async () => {
    const search = page.getByRole('search', { name: 'Search in this conversation' });
    await page.getByRole('button', { name: 'Search in this conversation' }).tap();
    await search.getByRole('searchbox').fill('the');
    await expect(search.getByRole('status')).toHaveText(/^1 of /);
    await search.getByRole('button', { name: 'Older' }).tap();
    await expect(search.getByRole('status')).toHaveText(/^2 of /);
    await search.getByRole('button', { name: 'Jump to a date' }).tap();
    await expect(dialog).toBeVisible();
    await page.goBack();
    await expect(dialog).toBeHidden();
    await expect(search).toBeVisible();
    await page.goBack();
    await expect(search).toBeHidden();
    // No keyboard pops up.
    await expect(heading).toBeFocused();
  });

  await test.step('the sheet of emoji', async () => {
    await page.getByRole('button', { name: 'Emoji' }).tap();
    await expect(dialog).toBeVisible();
    await page.goBack();
    await expect(dialog).toBeHidden();
    await expect(heading).toBeVisible();
  });

  await test.step('a dialog over the details, which stay', async () => {
    const details = page.getByRole('complementary', { name: 'Details' });
    await page.getByRole('button', { name: 'Details' }).tap();
    await details.getByRole('button', { name: 'Add people' }).tap();
    await expect(dialog).toBeVisible();
    await page.goBack();
    await expect(dialog).toBeHidden();
    await expect(details).toBeVisible();
    await page.goBack();
    await expect(details).toBeHidden();
    await expect(heading).toBeVisible();
  });

  await test.step('and where it was closed otherwise, one leads to the list', async () => {
    await page.getByRole('button', { name: 'Emoji' }).tap();
    await dialog.getByRole('button', { name: 'Close', exact: true }).tap();
    await expect(dialog).toBeHidden();
    await page.goBack();
    await expect(page.getByRole('link', { name: /Harbour Rowing Club/ })).toBeFocused();
  });
});

test('the way back closes what is open over the list, and leads to the list from what was opened there', async ({
  page,
  open,
}) => {
  await open('full');
  const dialog = page.getByRole('dialog');
  const add = page.getByRole('button', { name: 'New conversation' });
  const list = page.getByRole('link', { name: /Harbour Rowing Club/ });
  await add.tap();
  await expect(page.getByRole('menu')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(add).toBeFocused();
  await add.tap();
  await page.getByRole('menuitem', { name: 'New chat' }).tap();
  await page.getByRole('searchbox', { name: 'Search people' }).fill('mila');
  await dialog.getByRole('button', { name: /Mila Novak/ }).tap();
  await expect(page.getByRole('heading', { name: 'Mila Novak' })).toBeVisible();
  await page.goBack();
  await expect(list).toBeVisible();

  // A page of the settings lies over their list.
  await page.getByRole('button', { name: /^Account of/ }).tap();
  await page.getByRole('menuitem', { name: 'All settings' }).tap();
  await dialog.getByRole('button', { name: 'Privacy' }).tap();
  await expect(dialog.getByRole('heading', { name: 'Privacy' })).toBeVisible();
  await page.goBack();
  await expect(dialog.getByRole('button', { name: 'Privacy' })).toBeFocused();
  await page.goBack();
  await expect(dialog).toBeHidden();
  await expect(list).toBeVisible();
});

test('the details of a group do not come along to a chat with one of its members', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Details' }).tap();
  await page.getByRole('button', { name: 'Actions for Jonas Weber' }).tap();
  await page.getByRole('menuitem', { name: 'Message' }).tap();
  await expect(page.getByRole('heading', { name: 'Jonas Weber' })).toBeVisible();
  await expect(page.getByRole('complementary', { name: 'Details' })).toBeHidden();
  await page.getByRole('button', { name: 'Back', exact: true }).tap();
  await expect(page.getByRole('link', { name: /Harbour Rowing Club/ })).toBeVisible();
});

test('a finger that rests is enough where browsers make no menu of it', async ({ page, open }) => {
  await page.addInitScript(() =>
    addEventListener('contextmenu', (event) => event.stopImmediatePropagation(), true),
  );
  await open('kept');
  const row = page.getByRole('link', { name: /Kitchen garden .* pinned/ });
  const menu = page.getByRole('menu', { name: /Kitchen garden/ });
  await longPress(page, row.getByRole('img', { name: 'pinned' }), menu);
  await page.keyboard.press('Escape');
  await row.tap();
  await page.getByRole('textbox', { name: /^Message to/ }).fill('Beans!');
  const dialog = page.getByRole('dialog', { name: 'Send later' });
  await longPress(page, page.getByRole('button', { name: 'Send', exact: true }), dialog);
  await expect(dialog.getByRole('textbox', { name: 'Message' })).toHaveValue('Beans!');
});

test('pictures are gone through with a finger and enlarged with two', async ({ page, open }) => {
  await page.route('**/v1/blobs/**', (route) =>
    route.fulfill({ contentType: 'image/png', body: png(320, 240, [96, 140, 150]) }),
  );
  await open('media', room(20));
  const picture = page.getByRole('button', { name: /^Open: Five people on a jetty/ });
  await toBeginning(page, picture);
  await picture.tap();
  const viewer = page.getByRole('dialog');
  await expect(viewer.getByText('1 of 6')).toBeVisible();
  const stage = viewer.locator('.stage');
  await swipe(page, stage, { x: -120, y: 10 });
  await expect(viewer.getByText('2 of 6')).toBeVisible();
  await swipe(page, stage, { x: 120, y: 10 });
  await expect(viewer.getByText('1 of 6')).toBeVisible();
  await pinch(page, stage, { from: 60, to: 150 });
  await expect(viewer.locator('.moved')).toHaveCSS('transform', /matrix\(2\.5/);
  // What is enlarged is moved by a finger.
  await swipe(page, stage, { x: -120, y: 10 });
  await expect(viewer.getByText('1 of 6')).toBeVisible();
  await page.goBack();
  await expect(viewer).toBeHidden();
  await expect(picture).toBeVisible();
});

test('the camera is beside the field', async ({ page, open }) => {
  await open('full', room(1));
  const asked = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Take a photo' }).tap();
  const chooser = await asked;
  await expect(page.locator('input[capture="environment"]')).toHaveAttribute('accept', 'image/*');
  await chooser.setFiles({ name: 'lake.png', mimeType: 'image/png', buffer: png(80, 60, [70, 120, 160]) });
  await expect(page.getByRole('list', { name: 'Attached files' })).toContainText('lake.png');
});

test('everything that is pressed is large enough', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Details' }).tap();
  await expect(page.getByText('Robin Aaltonen (you)')).toBeVisible();
  const small = await page.evaluate(() =>
    Array.from(document.querySelectorAll('button, a[href], select'))
      .filter((element) => element.checkVisibility())
      .map((element) => ({
        name: element.getAttribute('aria-label') ?? element.textContent,
        box: element.getBoundingClientRect(),
      }))
      .filter(({ box }) => box.width < 40 || box.height < 40)
      .map(({ name, box }) => `${name}: ${box.width} x ${box.height}`),
  );
  expect(small).toEqual([]);
});

const answering = (page: Page) => page.getByRole('button', { name: 'Do not reply' });
const drawn = (words: Locator) =>
  words.evaluate((element) => {
    const line = element.closest('.line');
    return line === null ? 0 : parseFloat(getComputedStyle(line).translate) || 0;
  });

test('a message is drawn aside to answer it', async ({ page, open }) => {
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await open('full', room(2));
  const words = page.locator('[data-key] .other .text, [data-key] .mine .text').last();
  await swipe(page, words, { x: 30, y: 0 });
  await expect(answering(page)).toBeHidden();
  await swipe(page, words, { x: 70, y: -60 });
  await expect(answering(page), 'it was sliding up and down').toBeHidden();
  await swipe(page, words, { x: -90, y: 0 });
  await expect(answering(page), 'the other way').toBeHidden();
  await swipe(page, words, { x: 90, y: 4 }, async () => {
    await expect(page.locator('.drawn.armed')).toBeVisible();
    expect(await drawn(words)).toBeGreaterThan(50);
  });
  await expect(answering(page)).toBeVisible();
  await expect(page.locator('.drawn')).toHaveCount(0);
});

test('it stands still where people want no motion, and goes the other way from right to left', async ({
  page,
  open,
}) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await open('full', room(2));
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  const words = page.locator('[data-key] .other .text, [data-key] .mine .text').last();
  await swipe(page, words, { x: 90, y: 0 });
  await expect(answering(page)).toBeHidden();
  await swipe(page, words, { x: -90, y: 0 }, async () => {
    await expect(page.locator('.drawn.armed')).toBeVisible();
    expect(await drawn(words)).toBe(0);
  });
  await expect(answering(page)).toBeVisible();
});
