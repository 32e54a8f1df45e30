import type { Page } from '@playwright/test';

import { expect, room, test } from '../support/views';

/**
 * What screen readers are given of the main screens: names, roles and order, in the folder `trees`. After a change that is
 * meant, `npx playwright test --project=views-desktop e2e/views/tree.spec.ts --update-snapshots` writes them anew: read the difference.
 */

/** Times of day and dates depend on when it runs. */
const NOW = new Date('2026-05-16T11:20:00');
test.beforeEach(({ page }) => page.clock.setFixedTime(NOW));

const matches = (page: Page, name: string) =>
  expect(page.locator('body')).toMatchAriaSnapshot({ name: `${name}.aria.yml` });

test('the tree of the sign-in', async ({ page, open }) => {
  await open('signed-out');
  await expect(page.getByRole('heading', { name: 'Sign in to Harbour' })).toBeVisible();
  await matches(page, 'sign-in');
});

test('the tree of the list', async ({ page, open }) => {
  await open('kept');
  await expect(page.getByRole('link', { name: /Mila Novak/ })).toBeVisible();
  await matches(page, 'list');
});

test('the tree of a conversation and its details', async ({ page, open }) => {
  await open('full', room(2));
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeFocused();
  await expect(page.getByRole('listitem', { name: /I will be ten minutes late/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Harbour Rowing Club' })).toMatchAriaSnapshot({
    name: 'conversation.aria.yml',
  });
  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(details.getByText('Robin Aaltonen (you)')).toBeVisible();
  await expect(details).toMatchAriaSnapshot({ name: 'details.aria.yml' });
});

test('the tree of the settings', async ({ page, open }) => {
  await open('full');
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'All settings' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Storage and data' })).toBeVisible();
  await expect(dialog.getByRole('textbox', { name: 'Your name' })).toBeVisible();
  await expect(dialog).toMatchAriaSnapshot({ name: 'settings.aria.yml' });
});
