import type { Page } from '@playwright/test';

import { expect, expectAccessible, room, test } from '../support/views';

const details = (page: Page) => page.getByRole('complementary', { name: 'Details' });
const members = (page: Page) => details(page).getByRole('list', { name: 'Members' }).getByRole('listitem');

test.beforeEach(async ({ page, open }) => {
  await open('crowd', room(40));
  await page.getByRole('button', { name: 'Details' }).click();
  await expect(members(page)).toHaveCount(20);
});

test('a large group lists those with roles first and goes on as one scrolls', async ({ page }) => {
  await expect(members(page).nth(0)).toContainText('Robin Aaltonen (you)');
  await expect(members(page).nth(1)).toContainText('Greta Costa');
  await expect(members(page).nth(1)).toContainText('Admin');
  await expect(async () => {
    await members(page).last().scrollIntoViewIfNeeded();
    expect(await members(page).count()).toBe(81);
  }).toPass();
  await expect(members(page).last()).toContainText('Hugo Keller');
  await expectAccessible(page);
});

test('members are found by the beginning of a name or a handle', async ({ page }) => {
  const search = details(page).getByRole('searchbox', { name: 'Search members' });
  await search.fill('ha');
  await expect(members(page)).toHaveCount(8);
  await expect(details(page).getByRole('status')).toHaveText('8 people found');
  await search.fill('@greta.c');
  await expect(members(page)).toHaveCount(1);
  await search.fill('nobody');
  await expect(details(page).getByText('Nobody found for “nobody”.')).toBeVisible();
  await search.fill('');
  await expect(members(page)).toHaveCount(20);
});

test('a role that was given and somebody who was removed are seen at once', async ({ page }) => {
  await details(page).getByRole('searchbox').fill('hugo.k');
  await expect(members(page)).toHaveCount(1);
  await details(page).getByRole('button', { name: 'Actions for Hugo Keller' }).click();
  await page.getByRole('menuitem', { name: 'Make a moderator' }).click();
  const asks = page.getByRole('alertdialog', { name: /^Make .* a moderator\?$/ });
  await expect(asks).toContainText('Remove and ban people');
  await asks.getByRole('button', { name: 'Make a moderator' }).click();
  await expect(members(page)).toContainText('Moderator');
  await details(page).getByRole('button', { name: 'Actions for Hugo Keller' }).click();
  await page.getByRole('menuitem', { name: 'Remove from group' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
  await expect(details(page).getByText('Nobody found for “hugo.k”.')).toBeVisible();
});
