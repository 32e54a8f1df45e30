import type { Locator, Page } from '@playwright/test';

import { expect, room, swipe, test } from '../support/views';

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
