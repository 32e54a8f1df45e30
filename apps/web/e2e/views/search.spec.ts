import type { Page } from '@playwright/test';

import { expect, expectAccessible, room, test } from '../support/views';

const field = (page: Page) => page.getByRole('searchbox', { name: 'Search', exact: true });
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const asked = (page: Page, type: string) =>
  page.evaluate((wanted) => window.pipit?.commands.filter((command) => command.type === wanted) ?? [], type);

test('people, conversations and messages are found, and a message is opened at its place', async ({
  page,
  open,
}) => {
  await open('full');
  await field(page).fill('mila');
  await expect(section(page, 'People').getByRole('button')).toHaveCount(1);
  await expect(section(page, 'Conversations').getByRole('link')).toHaveCount(1);
  await expectAccessible(page);

  await field(page).fill('the');
  const messages = section(page, 'Messages').getByRole('link');
  await expect(messages.first()).toBeVisible();
  await expect(messages.first().locator('mark')).toHaveText(/the/i);
  await messages.first().click();
  await expect.poll(() => asked(page, 'open_timeline_at')).toHaveLength(1);
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeVisible();
});

test('chips write operators, and take them out again', async ({ page, open }) => {
  await open('full');
  await field(page).fill('the');
  await page.getByRole('button', { name: 'From me' }).click();
  await expect(field(page)).toHaveValue('from:me the');
  await expect(page.getByRole('button', { name: 'From me' })).toHaveAttribute('aria-pressed', 'true');
  await expect(section(page, 'Messages').getByText('You', { exact: true }).first()).toBeVisible();
  await page.getByRole('button', { name: 'From me' }).click();
  await expect(field(page)).toHaveValue('the');
});

test('what is not found, not understood or not answered is said', async ({ page, open }) => {
  await open('full');
  await field(page).fill('zebra');
  await expect(page.getByRole('status').filter({ hasText: 'Nothing was found.' })).toBeAttached();
  await expectAccessible(page);
  await open('offline');
  await field(page).fill('the');
  await expect(page.getByText('You are offline: this is only what is on this device.')).toBeVisible();
  await open('failing');
  await field(page).fill('the');
  await expect(page.getByRole('alert')).toContainText('That was too fast');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
});

test('a conversation is searched by itself, forwards and backwards', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByRole('button', { name: 'Search in this conversation' }).click();
  const bar = page.getByRole('search', { name: 'Search in this conversation' });
  await bar.getByRole('searchbox').fill('the');
  await expect(bar.getByRole('status')).toHaveText(/^1 of /);
  await expect.poll(() => asked(page, 'open_timeline_at')).toHaveLength(1);
  await expectAccessible(page);
  await bar.getByRole('button', { name: 'Older' }).click();
  await expect(bar.getByRole('status')).toHaveText(/^2 of /);
  await bar.getByRole('button', { name: 'Newer' }).click();
  await expect(bar.getByRole('status')).toHaveText(/^1 of /);
  await bar.getByRole('searchbox').fill('zebra');
  await expect(bar.getByRole('status')).toHaveText('Nothing found');
  await bar.getByRole('button', { name: 'Close search' }).click();
  await expect(bar).toBeHidden();
});

test('a conversation is shown from a day on, by the search bar and by the heading of a day', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  await page.getByRole('button', { name: 'Search in this conversation' }).click();
  const bar = page.getByRole('search', { name: 'Search in this conversation' });
  await bar.getByRole('button', { name: 'Jump to a date' }).click();
  const dialog = page.getByRole('dialog', { name: 'Jump to a date' });
  await expectAccessible(page);
  await dialog.getByLabel('Day').fill('2999-01-01');
  await dialog.getByRole('button', { name: 'Jump', exact: true }).click();
  await expect(dialog.getByLabel('Day')).toHaveAccessibleDescription(/not in the future/);
  await dialog.getByLabel('Day').fill('2001-02-03');
  await dialog.getByRole('button', { name: 'Jump', exact: true }).click();
  await expect(dialog).toBeHidden();
  const [{ at } = { at: 0 }] = (await asked(page, 'find_place')) as { at: number }[];
  expect(at).toBe(await page.evaluate(() => new Date(2001, 1, 3).getTime()));
  await expect.poll(() => asked(page, 'open_timeline_at')).toHaveLength(1);

  await page.getByRole('button', { name: 'Close search' }).click();
  await page.locator('.day').getByRole('button').first().click();
  await expect(dialog.getByLabel('Day')).not.toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});
