import type { Page } from '@playwright/test';

import { longPress, standing } from '../support/phone';
import { expect, room, test } from '../support/views';

const line = (page: Page, text: RegExp) =>
  page.getByRole('list', { name: 'Messages' }).getByRole('listitem', { name: text });
const menu = (page: Page) => page.getByRole('menu', { name: 'Actions for this message' });

/** Opens the menu of a message, in the way of whatever is at hand. */
async function openMenu(page: Page, text: RegExp): Promise<void> {
  const words = line(page, text).getByText(text).first();
  if (await page.evaluate(() => matchMedia('(pointer: coarse)').matches))
    await longPress(page, words, menu(page));
  else await words.click({ button: 'right' });
  await expect(menu(page)).toBeVisible();
}

test('a message is answered and copied from its menu', async ({ page, open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open('full', room(1));
  await openMenu(page, /I finally fixed the rucksack/);
  await page.getByRole('menuitem', { name: 'Copy text' }).click();
  await expect(page.getByText('The text was copied.')).toBeVisible();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe('And I finally fixed the rucksack.');

  await openMenu(page, /I finally fixed the rucksack/);
  await page.getByRole('menuitem', { name: 'Reply' }).click();
  await expect(menu(page)).toBeHidden();
  await expect(page.getByText('Replying to Mila Novak')).toBeVisible();
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeFocused();
});

test('a message that was refused is tried again, one that waits is withdrawn', async ({ page, open }) => {
  await open('failing', room(1));
  await openMenu(page, /I will just tell you tomorrow/);
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeHidden();
  await page.getByRole('menuitem', { name: 'Withdraw' }).click();
  await expect(line(page, /I will just tell you tomorrow/)).toBeHidden();
  await openMenu(page, /the whole list of what to bring/);
  await page.getByRole('menuitem', { name: 'Try again' }).click();
  await expect(line(page, /the whole list of what to bring/)).toHaveAccessibleName(/Read$/);
});

test('the button that asks for a menu chooses nothing from it when it is let go where it went down', async ({
  page,
  open,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open('full', room(1));
  const words = line(page, /I finally fixed the rucksack/).getByText(/I finally fixed the rucksack/);
  const box = await standing(words);
  const [x, y] = [box.x + 20, box.y + box.height / 2];
  // The menu of a narrow window lies where it was asked for.
  await page.mouse.move(x, y);
  await page.mouse.down({ button: 'right' });
  await expect(menu(page)).toBeVisible();
  const under = () =>
    page.evaluate(([x, y]) => document.elementFromPoint(x, y)?.closest('[role^="menuitem"]') !== null, [
      x,
      y,
    ] as const);
  expect(await under()).toBe(true);
  await page.mouse.up({ button: 'right' });
  await expect(menu(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(menu(page)).toBeHidden();

  // Drawn to something and let go there, it has chosen that.
  await page.mouse.down({ button: 'right' });
  const reply = await standing(page.getByRole('menuitem', { name: 'Reply' }));
  await page.mouse.move(reply.x + reply.width / 2, reply.y + reply.height / 2, { steps: 3 });
  await page.mouse.up({ button: 'right' });
  await expect(page.getByText('Replying to Mila Novak')).toBeVisible();
});

test('links keep the menu of the browser', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByRole('link', { name: 'https://ferries.example/island' }).click({ button: 'right' });
  await expect(menu(page)).toBeHidden();
  await openMenu(page, /Perfect. That leaves time/);
});

test('the quoted message is jumped to', async ({ page, open }) => {
  await page.setViewportSize({ width: page.viewportSize()?.width ?? 1280, height: 420 });
  await open('full', room(1));
  const answered = line(page, /^Mila Novak, Shall we walk around/);
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  await expect(answered).not.toBeInViewport();
  // It may have to be scrolled to, and then lines above it come in and are measured: nobody presses what still moves.
  const quote = line(page, /North side, yes/).getByRole('button', { name: /Shall we walk/ });
  await quote.scrollIntoViewIfNeeded();
  await standing(quote);
  await quote.click();
  await expect(answered).toBeInViewport();
  await expect(answered).toBeFocused();
});
