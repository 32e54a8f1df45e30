import type { Page } from '@playwright/test';

import {
  expect,
  expectAccessible,
  expectAccessibleInEveryLook,
  expectFits,
  room,
  seen,
  test,
} from '../support/views';

async function openAppearance(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Appearance' }).click();
}

const style = (page: Page, name: string) =>
  page.evaluate((wanted) => getComputedStyle(document.documentElement).getPropertyValue(wanted), name);

test('what is chosen is there at once, and after a reload', async ({ page, open }) => {
  await open('full');
  await openAppearance(page);
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.getByRole('radio', { name: 'Plum' }).check();
  await page.getByRole('radio', { name: 'Largest' }).check();
  await page.getByRole('radio', { name: 'Compact' }).check();
  const shown = async () => ({
    ground: await style(page, 'background-color'),
    text: await style(page, 'font-size'),
    rows: Number.parseFloat(await style(page, '--row-gap')),
    accent: (await style(page, '--accent')).trim(),
  });
  const chosen = await shown();
  expect(chosen).toMatchObject({ ground: 'rgb(27, 25, 22)', text: '24px', rows: 0.3125 });
  await page.reload();
  await expect.poll(shown).toEqual(chosen);
});

test('it follows the system until something else is chosen', async ({ page, open }) => {
  await open('full');
  await page.emulateMedia({ colorScheme: 'dark' });
  const ground = () => style(page, 'background-color');
  await expect.poll(ground).toBe('rgb(27, 25, 22)');
  await page.emulateMedia({ contrast: 'more' });
  await expect.poll(ground).toBe('rgb(0, 0, 0)');
  await openAppearance(page);
  await page.getByRole('radio', { name: 'Light' }).check();
  await expect.poll(ground).toBe('rgb(255, 255, 255)');
});

test('where no motion is wanted, a dialog is from the first where it stays', async ({ page, open }) => {
  await open('full');
  const first = page.evaluate(
    () =>
      new Promise<{ transform: string; opacity: string }>((resolve) => {
        new MutationObserver((_, observer) => {
          const sheet = document.querySelector('.sheet');
          if (sheet === null) return;
          observer.disconnect();
          const { transform, opacity } = getComputedStyle(sheet);
          resolve({ transform, opacity });
        }).observe(document.body, { childList: true, subtree: true });
      }),
  );
  await openAppearance(page);
  expect(await first).toEqual({ transform: 'none', opacity: '1' });
});

test('it is chosen with the keyboard alone', async ({ page, open }) => {
  await open('full');
  await openAppearance(page);
  await page.getByRole('group', { name: 'Accent' }).getByRole('radio', { checked: true }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Sea' })).toBeChecked();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('more contrast can be chosen, and an accent keeps its hue in it', async ({ page, open }) => {
  await open('full');
  const accent = () => style(page, '--accent');
  await openAppearance(page);
  await page.getByRole('group', { name: 'Contrast' }).getByRole('radio', { name: 'More' }).check();
  const moss = await accent();
  await page.getByRole('radio', { name: 'Clay' }).check();
  expect(await accent()).not.toBe(moss);
  await expect.poll(() => style(page, 'background-color')).toBe('rgb(255, 255, 255)');
  // What others say is as white as what it lies on.
  await open('full', room(1));
  const bubble = page.getByRole('listitem', { name: /^Mila Novak, And I finally/ }).locator('.bubble');
  await expect(bubble).toHaveCSS('box-shadow', /inset/);
});

// Each of the others has the same lightness: that all of them can be read is calculated in `tests/contrast.test.ts`.
test('a conversation with another accent is accessible in every look', async ({ page, open }) => {
  await page.addInitScript(() => localStorage.setItem('pipit.accent', 'plum'));
  await open('full', room(1));
  await seen(page, /See you at the pier/);
  await expectAccessibleInEveryLook(page);
});

test('the largest text, compact, fits', async ({ page, open }) => {
  await page.addInitScript(() => {
    localStorage.setItem('pipit.size', 'largest');
    localStorage.setItem('pipit.density', 'compact');
  });
  await open('full', room(1));
  await seen(page, /See you at the pier/);
  await expectFits(page);
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeInViewport({ ratio: 1 });
});

test('a wallpaper lies behind messages, and not where colours are forced or contrast is wanted', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  await seen(page, /See you at the pier/);
  const ground = () =>
    page
      .getByRole('region', { name: 'Mila Novak' })
      .evaluate((element) => getComputedStyle(element).backgroundImage);
  expect(await ground()).not.toContain('gradient');
  if ((page.viewportSize()?.width ?? 0) < 600)
    await page.getByRole('button', { name: 'Back', exact: true }).click();
  await openAppearance(page);
  await page.getByRole('group', { name: 'Wallpaper' }).getByRole('radio', { name: 'Dots' }).check();
  // What is written over it is calculated: see `tests/contrast.test.ts`.
  await expectAccessible(page);
  await open('full', room(1));
  await seen(page, /See you at the pier/);
  expect(await ground()).toContain('radial-gradient');
  await page.emulateMedia({ forcedColors: 'active' });
  await expect.poll(ground).not.toContain('gradient');
  await page.emulateMedia({ forcedColors: 'none', contrast: 'more' });
  await expect.poll(ground).not.toContain('gradient');
});
