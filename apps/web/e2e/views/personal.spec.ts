import type { Page } from '@playwright/test';

import { longPress } from '../support/phone';
import { expect, room, test } from '../support/views';

const list = (page: Page) => page.getByRole('list', { name: 'Conversations' });
const rows = (page: Page) => list(page).getByRole('link');
const row = (page: Page, name: RegExp) => list(page).getByRole('link', { name });
const filter = (page: Page, name: string) => page.getByRole('radio', { name, exact: true });

/** The conversations in the order in which they are shown, by the first word of their names. */
function order(page: Page): Promise<string[]> {
  return list(page)
    .locator('.title')
    .evaluateAll((titles) => titles.map((title) => title.textContent.split(' ')[0] ?? ''));
}

/** Opens the menu of a conversation, in the way of whatever is at hand. */
async function openMenu(page: Page, name: RegExp): Promise<void> {
  if (await page.evaluate(() => matchMedia('(pointer: coarse)').matches))
    await longPress(page, row(page, name), page.getByRole('menu'));
  else await row(page, name).click({ button: 'right' });
}

async function choose(page: Page, name: RegExp, ...items: string[]): Promise<void> {
  await openMenu(page, name);
  for (const item of items) await page.getByRole('menuitem', { name: item, exact: true }).click();
  await expect(page.getByRole('menu')).toBeHidden();
}

test('filters show what they say, and all of it again', async ({ page, open }) => {
  await open('kept');
  await expect(rows(page)).toHaveCount(6);
  await filter(page, 'Unread').click();
  await expect.poll(() => order(page)).toEqual(['Harbour', 'Jonas', 'Elin']);
  await filter(page, 'Groups').click();
  await expect.poll(() => order(page)).toEqual(['Kitchen', 'Harbour']);
  await filter(page, 'People').click();
  await expect.poll(() => order(page)).toEqual(['Mila', 'Jonas', 'Elin', 'Theo']);
  await filter(page, 'Archived').click();
  await expect.poll(() => order(page)).toEqual(['Yuki']);
  await choose(page, /Yuki/, 'Bring back from the archive');
  await expect(page.getByText(/Nothing is archived/)).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(filter(page, 'All')).toBeChecked();
  await expect(row(page, /Yuki/)).toBeVisible();
});

test('conversations are pinned to the top, the latest pin first', async ({ page, open }) => {
  await open('full');
  await expect
    .poll(() => order(page))
    .toEqual(['Mila', 'Harbour', 'Jonas', 'Elin', 'Theo', 'Kitchen', 'Yuki']);

  await choose(page, /Theo Lindqvist/, 'Pin to the top');
  await expect.poll(async () => (await order(page))[0]).toBe('Theo');
  await expect(row(page, /Theo Lindqvist/)).toHaveAccessibleName(/pinned/);
  await choose(page, /Elin/, 'Pin to the top');
  await expect.poll(async () => (await order(page)).slice(0, 2)).toEqual(['Elin', 'Theo']);
  await choose(page, /Theo Lindqvist/, 'Unpin');
  await expect.poll(async () => (await order(page)).slice(0, 2)).toEqual(['Elin', 'Mila']);
});

test('a conversation is muted for a time or for ever', async ({ page, open }) => {
  await open('full');
  await choose(page, /Jonas Weber/, 'Mute', 'For 8 hours');
  await expect(row(page, /Jonas Weber/)).toHaveAccessibleName(/muted until/);
  await choose(page, /Jonas Weber/, 'Unmute');
  await expect(row(page, /Jonas Weber/)).not.toHaveAccessibleName(/muted/);
  await choose(page, /Jonas Weber/, 'Mute', 'Always');
  await expect(row(page, /Jonas Weber/)).toHaveAccessibleName(/muted/);
});

test('a conversation is marked as unread and as read, and archived', async ({ page, open }) => {
  await open('full');
  await choose(page, /Yuki/, 'Mark as unread');
  await expect(row(page, /Yuki/)).toHaveAccessibleName(/marked as unread/);
  await choose(page, /Yuki/, 'Mark as read');
  await expect(row(page, /Yuki/)).not.toHaveAccessibleName(/unread/);
  await choose(page, /Harbour/, 'Mark as read');
  await expect(row(page, /Harbour/)).not.toHaveAccessibleName(/unread/);

  await choose(page, /Kitchen/, 'Archive');
  await expect(row(page, /Kitchen/)).toBeHidden();
  await expect(page.getByText('“Kitchen garden” was archived.')).toBeVisible();
});

test('the title counts what wants to be read', async ({ page, open }) => {
  await open('full');
  await expect(page).toHaveTitle('(4) Harbour');
  await choose(page, /Harbour/, 'Mute', 'For a week');
  await expect(page).toHaveTitle('(1) Harbour');
});

test('an archived conversation comes back with a message, a muted one does not', async ({ page, open }) => {
  await open('full');
  await choose(page, /Mila/, 'Archive');
  await expect(row(page, /Mila/)).toBeHidden();
  await page.evaluate(() => window.pipit?.receive(1, 'mila', 'Are you there?'));
  await expect(row(page, /Mila/)).toContainText('Are you there?');

  await choose(page, /Jonas Weber/, 'Mute', 'Always');
  await choose(page, /Jonas Weber/, 'Archive');
  await page.evaluate(() => window.pipit?.receive(3, 'jonas', 'And the budget?'));
  await page.evaluate(() => window.pipit?.receive(1, 'mila', 'Hello?'));
  await expect(row(page, /Mila/)).toContainText('Hello?');
  await expect(row(page, /Jonas Weber/)).toBeHidden();
});

test('half a thought stands in the list and in the composer again', async ({ page, open }) => {
  await open('full');
  await expect(row(page, /Kitchen/)).toContainText('Draft: We could swap some for');
  await row(page, /Kitchen/).click();
  const composer = page.getByRole('textbox', { name: /Message to/ });
  await expect(composer).toHaveValue('We could swap some for');
  await composer.fill('We could swap some for beans');
  if (await page.getByRole('button', { name: 'Back', exact: true }).isVisible())
    await page.getByRole('button', { name: 'Back', exact: true }).click();
  else await row(page, /Yuki/).click();
  await expect(row(page, /Kitchen/)).toContainText('Draft: We could swap some for beans');
  await row(page, /Kitchen/).click();
  await expect(composer).toHaveValue('We could swap some for beans');
  await composer.press('Enter');
  await expect(page.getByRole('listitem', { name: /You, We could swap/ })).toBeVisible();
  if (await page.getByRole('button', { name: 'Back', exact: true }).isVisible())
    await page.getByRole('button', { name: 'Back', exact: true }).click();
  await expect(row(page, /Kitchen/)).not.toContainText('Draft:');
});

test('details mute, pin and archive, too', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: 'Mute' }).click();
  await page.getByRole('menuitem', { name: 'For 1 hour' }).click();
  await expect(details.getByText(/This conversation is muted until/)).toBeVisible();
  await details.getByRole('button', { name: 'Unmute' }).click();
  await expect(details.getByText(/This conversation is muted/)).toBeHidden();
  await details.getByRole('button', { name: 'Pin' }).click();
  await expect(details.getByRole('button', { name: 'Unpin' })).toHaveAttribute('aria-pressed', 'true');
  await details.getByRole('button', { name: 'Archive' }).click();
  await expect(details.getByRole('button', { name: 'Bring back' })).toBeVisible();
});
