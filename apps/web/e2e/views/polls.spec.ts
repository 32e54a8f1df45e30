import type { Page } from '@playwright/test';

import type { Command } from '../../src/generated/types';
import { expect, expectAccessible, room, test } from '../support/views';

test.describe.configure({ timeout: 180_000 });

const line = (page: Page, text: RegExp | string) =>
  page.getByRole('list', { name: 'Messages' }).getByRole('listitem', { name: text });

async function sent<T extends Command['type']>(page: Page, type: T) {
  const commands = await page.evaluate(() => window.pipit?.commands ?? []);
  return commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
}

test('a vote is given, changed and taken back where the poll is', async ({ page, open }) => {
  await open('polls', room(2));
  const poll = line(page, /Poll: When do we row/);
  const saturday = poll.getByRole('radio', { name: 'Saturday, 3 votes, 75 %' });
  await expect(saturday).not.toBeChecked();
  await saturday.click();
  await expect(poll.getByRole('radio', { name: 'Saturday, 4 votes, 80 %' })).toBeChecked();
  // Arrows go to another option and choose nothing by that.
  await page.keyboard.press('ArrowDown');
  await expect(poll.getByRole('radio', { name: /^Sunday/ })).toBeFocused();
  await expect(poll.getByRole('radio', { name: /^Saturday/ })).toBeChecked();
  await page.keyboard.press('Enter');
  await expect(poll.getByRole('radio', { name: 'Sunday, 2 votes, 40 %' })).toBeChecked();
  await expectAccessible(page);
  await poll.getByRole('button', { name: 'Take back' }).click();
  await expect(poll.getByRole('radio', { name: 'Sunday, 1 vote, 25 %' })).not.toBeChecked();

  const boats = line(page, /Poll: Which boats/);
  await boats.getByRole('checkbox', { name: /The blue one/ }).click();
  await expect(boats.getByRole('checkbox', { checked: true })).toHaveCount(2);
  expect((await sent(page, 'vote')).map(({ options }) => options)).toEqual([[0], [1], [], [0, 1]]);

  const ended = line(page, /Poll: Do we need/);
  await expect(ended).toContainText('closed');
  await expect(ended.getByRole('radio', { name: /Yes/ })).toBeDisabled();
  expect(await sent(page, 'vote')).toHaveLength(4);
  await expect(ended.getByRole('button', { name: 'Who voted' })).toHaveCount(0);
  await boats.getByRole('button', { name: 'Who voted' }).click();
  await expect(page.getByRole('dialog').getByRole('region', { name: 'The blue one' })).toContainText(
    'Yuki Tanaka',
  );
});

test('bars do not move for those who want no motion', async ({ page, open }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await open('polls', room(2));
  const bar = line(page, /Poll: When do we row/)
    .locator('.bar')
    .first();
  await expect(bar).toBeVisible();
  expect(await bar.evaluate((element) => getComputedStyle(element).transitionDuration)).toMatch(
    /^0s|^1e-05s/,
  );
});

test('a poll is written by keyboard', async ({ page, open }) => {
  await open('polls', room(2));
  await page.getByRole('button', { name: 'Add', exact: true }).press('Enter');
  await page.getByRole('menuitem', { name: 'Poll' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New poll' });
  await expect(dialog.getByLabel('Question')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.getByText('Ask something.')).toBeVisible();
  await page.keyboard.type('Tea or coffee?');
  await dialog.getByLabel('Option 1', { exact: true }).focus();
  await page.keyboard.type('Coffee');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Tea');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Water');
  await expectAccessible(page);
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Alt+ArrowUp');
  await expect(dialog.getByLabel('Option 1', { exact: true })).toHaveValue('Water');
  await dialog.getByRole('button', { name: 'Remove option 1' }).press('Enter');
  await expect(dialog.getByText('can see who voted')).toHaveCount(0);
  await dialog.getByLabel('Anonymous').press('Space');
  await dialog.getByRole('button', { name: 'Ask' }).press('Enter');
  await expect(dialog).toBeHidden();
  const poll = line(page, /Poll: Tea or coffee/);
  await expect(poll.getByRole('radio')).toHaveCount(2);
  await expect(poll).toContainText('anonymous');
  const [asked] = await sent(page, 'send_poll');
  expect(asked?.poll).toEqual({ options: ['Coffee', 'Tea'], multiple: false, anonymous: true });
});
