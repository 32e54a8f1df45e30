import type { Page } from '@playwright/test';

import { test } from '../support/looks';
import { longPress } from '../support/phone';
import { expect, room, seen } from '../support/views';

/** What is only worth a picture where it has the whole screen. See `e2e/support/looks.ts`. */

const line = (page: Page, name: RegExp) => page.getByRole('listitem', { name });

test('an invite', async ({ page, open, looksRight }) => {
  await open('join', '/join#token');
  await seen(page, 'Mila Novak invites you');
  await looksRight('invite');
});

test('the list', async ({ page, open, looksRight }) => {
  await open('kept');
  await expect(page.getByRole('link', { name: /Kitchen garden .* pinned/ })).toBeVisible();
  await looksRight('list');
});

test('text with marks in it', async ({ page, open, looksRight }) => {
  await open('written', room(2));
  await expect(line(page, /thank you!/)).toBeVisible();
  await looksRight('written');
});

test('the menu of a message', async ({ page, open, looksRight }) => {
  await open('full', room(1));
  const words = page.getByText('And I finally fixed the rucksack.');
  const actions = page.getByRole('menu', { name: 'Actions for this message' });
  await longPress(page, words, actions);
  await expect(actions.getByRole('menuitem', { name: 'Copy text' })).toBeVisible();
  await looksRight('message-menu');
});

test('the emoji picker', async ({ page, open, looksRight }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Emoji' }).click();
  await expect(page.getByRole('button', { name: 'grinning face', exact: true })).toBeVisible();
  await looksRight('emoji');
});

test('without a line, and with what was not sent', async ({ page, open, looksRight }) => {
  await open('failing', room(1));
  await seen(page, /Not sent\. This is too long/);
  await page.evaluate(() => window.pipit?.connection({ state: 'offline' }));
  await seen(page, /You are offline/);
  await looksRight('offline');
});
