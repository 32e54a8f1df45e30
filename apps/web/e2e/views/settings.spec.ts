import type { Page } from '@playwright/test';

import { expect, expectAccessibleInEveryLook, expectFits, test } from '../support/views';

const isPhone = (page: Page): boolean => (page.viewportSize()?.width ?? 0) < 600;

async function openSettings(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'All settings' }).click();
}

test('all settings are in one place: a list, and a page beside it or after it', async ({ page, open }) => {
  await open('full');
  await openSettings(page);
  const list = page.getByRole('navigation', { name: 'Settings' });
  await expect(list.getByRole('button', { name: 'Appearance' })).toBeVisible();
  const pages = ['Profile', 'Devices', 'Privacy', 'Appearance', 'Language', 'Storage and data'];
  for (const name of pages) {
    await list.getByRole('button', { name, exact: true }).click();
    await expect(page.getByRole('dialog', { name, exact: true })).toBeVisible();
    await expectFits(page);
    if (isPhone(page)) {
      await expect(list).toBeHidden();
      await page.getByRole('button', { name: 'Back to all settings' }).click();
      await expect(list.getByRole('button', { name, exact: true })).toBeFocused();
    } else {
      await expect(list.getByRole('button', { name, exact: true })).toHaveAttribute('aria-current', 'page');
    }
  }
  await list.getByRole('button', { name: 'Storage and data' }).click();
  await expect(page.getByText(/ of .+B$/).first()).toBeVisible();
  await expectAccessibleInEveryLook(page);
});

test('a setting is found by its words, in the language in use, and gone to', async ({ page, open }) => {
  await open('full');
  await openSettings(page);
  const search = page.getByRole('searchbox', { name: 'Search settings' });
  await search.fill('dark');
  await expect(page.getByRole('status').filter({ hasText: '1 result' })).toBeAttached();
  await page.getByRole('button', { name: /^Theme/ }).click();
  await expect(page.getByRole('dialog', { name: 'Appearance' })).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Like this device' }).first()).toBeFocused();
  if (isPhone(page)) await page.getByRole('button', { name: 'Back to all settings' }).click();
  await search.fill('nothing has these words');
  await expect(page.getByText('Nothing was found.')).toBeVisible();
  await search.fill('langu');
  await page.getByRole('button', { name: /^Language/ }).click();
  await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
  // The page stays, and the words are found that are there now.
  await expect(page.getByRole('dialog', { name: 'Sprache' })).toBeVisible();
  if (isPhone(page)) await page.getByRole('button', { name: 'Zurück zu allen Einstellungen' }).click();
  await page.getByRole('searchbox', { name: 'Einstellungen suchen' }).fill('schriftgrosse');
  await expect(page.getByRole('button', { name: /^Schriftgröße/ })).toHaveCount(0);
  await page.getByRole('searchbox', { name: 'Einstellungen suchen' }).fill('kontrást');
  await expect(page.getByRole('button', { name: /^Kontrast/ })).toBeVisible();
});

test('what others see and may do is set, and taken back where it does not work; the blocked are let go', async ({
  page,
  open,
}) => {
  await open('full');
  await openSettings(page);
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('add me');
  await page.getByRole('button', { name: /^Add me to groups/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Privacy' });
  const added = dialog.getByLabel('Add me to groups');
  // The page has it only when the server has answered.
  await expect(added).toBeFocused();
  await expect(added).toHaveValue('known');
  await added.selectOption('Nobody');
  const read = dialog.getByRole('checkbox', { name: 'What you have read' });
  await read.focus();
  await page.keyboard.press('Space');
  await expect(read).not.toBeChecked();
  const set = await page.evaluate(
    () => window.pipit?.commands.filter(({ type }) => type === 'set_privacy') ?? null,
  );
  expect(set).toEqual([
    { type: 'set_privacy', change: { added_by: 'nobody' } },
    { type: 'set_privacy', change: { receipts: false } },
  ]);
  await page.evaluate(() => window.pipit?.refuse('set_privacy', 'unavailable'));
  await dialog.getByRole('checkbox', { name: 'That you are typing' }).click();
  await expect(dialog.getByRole('status').filter({ hasText: 'server' })).toBeVisible();
  await expect(dialog.getByRole('checkbox', { name: 'That you are typing' })).toBeChecked();
  await expect(dialog.getByText('Oskar Dąbrowski')).toBeVisible();
  await dialog.getByRole('button', { name: 'Show more' }).click();
  await expect(dialog.getByRole('button', { name: 'Unblock Theo Lindqvist' })).toBeVisible();
  await expectFits(page);
  await expectAccessibleInEveryLook(page);
  await dialog.getByRole('button', { name: 'Unblock Theo Lindqvist' }).click();
  await expect(dialog.getByRole('heading', { name: 'Blocked people' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Unblock Oskar Dąbrowski' }).click();
  await expect(dialog.getByText('You have not blocked anybody.')).toBeVisible();
});
