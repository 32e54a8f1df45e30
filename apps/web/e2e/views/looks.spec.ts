import type { Page } from '@playwright/test';

import { landscape } from '../support/picture';
import { isPhone, test } from '../support/looks';
import { expect, picturesCome, room, seen, toBeginning } from '../support/views';

/** What the main screens look like, at both widths and in every look. See `e2e/support/looks.ts`. */

async function menu(page: Page, button: RegExp, item: string): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

const line = (page: Page, name: RegExp) => page.getByRole('listitem', { name });

test('the sign-in', async ({ page, open, looksRight }) => {
  await open('signed-out');
  await seen(page, 'Sign in to Harbour');
  await looksRight('sign-in');
});

test('the first run', async ({ page, open, looksRight }) => {
  await open('empty');
  await seen(page, 'It is quiet here');
  await looksRight('first-run');
});

test('a conversation', async ({ page, open, looksRight }) => {
  await open('full', room(1));
  await expect(line(page, /^You, See you at the pier/)).toBeVisible();
  await looksRight('conversation');
});

test('a group and its details', async ({ page, open, looksRight }) => {
  await open('changed', room(2));
  await expect(page.getByRole('region', { name: 'Pinned messages' })).toBeVisible();
  await expect(line(page, /Count me in.*edited/)).toBeVisible();
  if (isPhone(page)) await looksRight('group');
  await page.getByRole('button', { name: 'Details' }).click();
  await seen(page, 'Robin Aaltonen (you)');
  await looksRight(isPhone(page) ? 'details' : 'group');
});

test('pictures, a voice note and files', async ({ page, open, looksRight }) => {
  await page.route('**/v1/blobs/**', (route) =>
    route.fulfill({ contentType: 'image/svg+xml', body: landscape }),
  );
  await open('media', room(20));
  await seen(page, 'Route along the river.pdf');
  const jetty = page.getByRole('button', { name: /^Open: Five people on a jetty/ });
  await toBeginning(page, jetty);
  await picturesCome(page);
  await looksRight('media');
});

test('an encrypted group', async ({ page, open, looksRight }) => {
  await open('encrypted', room(8));
  await expect(page.getByRole('img', { name: 'end-to-end encrypted' }).first()).toBeVisible();
  await expect(line(page, /1 message could not be decrypted/)).toBeVisible();
  await looksRight('encrypted');
});

test('polls', async ({ page, open, looksRight }) => {
  await open('polls', room(2));
  await expect(line(page, /Poll: When do we row/)).toBeVisible();
  await looksRight('polls');
});

test('what was searched for', async ({ page, open, looksRight }) => {
  await open('full');
  await page.getByRole('searchbox', { name: 'Search', exact: true }).fill('the');
  await expect(page.getByRole('region', { name: 'Messages' }).getByRole('link').first()).toBeVisible();
  await looksRight('search');
});

test('a new group', async ({ page, open, looksRight }) => {
  await open('full');
  await menu(page, /New conversation/, 'New group');
  await page.getByRole('searchbox', { name: 'Add people' }).fill('ama');
  await page.getByRole('button', { name: /Amara Okafor/ }).click();
  await expect(page.getByRole('button', { name: 'Remove Amara Okafor' })).toBeVisible();
  await looksRight('new-group');
});

test('the settings', async ({ page, open, looksRight }) => {
  await open('full');
  await menu(page, /Account of/, 'All settings');
  const list = page.getByRole('navigation', { name: 'Settings' });
  await expect(list.getByRole('button', { name: 'Appearance' })).toBeVisible();
  // What chose the entry of the menu is over an entry of this list now.
  await page.mouse.move(0, 0);
  if (isPhone(page)) await looksRight('settings');
  await list.getByRole('button', { name: 'Appearance' }).click();
  await expect(page.getByRole('radio', { name: 'Plum' })).toBeVisible();
  await looksRight(isPhone(page) ? 'appearance' : 'settings');
});
