import type { Locator, Page } from '@playwright/test';

import type { Command } from '../../src/generated/types';
import { longPress } from '../support/phone';
import { expect, expectAccessible, room, test } from '../support/views';

// Several steps each, and a look by axe: on a busy machine that takes its time.
test.describe.configure({ timeout: 180_000 });

const line = (page: Page, text: RegExp | string) =>
  page.getByRole('list', { name: 'Messages' }).getByRole('listitem', { name: text });
const menu = (page: Page) => page.getByRole('menu', { name: 'Actions for this message' });
const composer = (page: Page) => page.getByRole('textbox', { name: /Message to/ });
const notices = (page: Page) => page.getByRole('region', { name: 'Notices' });
const item = (page: Page, name: string) => page.getByRole('menuitem', { name, exact: true });

const isCoarse = (page: Page) => page.evaluate(() => matchMedia('(pointer: coarse)').matches);

/** Opens the menu of a message, in the way of whatever is at hand. */
async function openMenu(page: Page, message: Locator): Promise<void> {
  const words = message.locator('.text').first();
  await words.scrollIntoViewIfNeeded();
  // A finger is put where it was on the screen: so that is to be where it stays.
  await expect(async () => {
    const before = await words.boundingBox();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))));
    expect(await words.boundingBox()).toEqual(before);
  }).toPass();
  if (await isCoarse(page)) await longPress(page, words, menu(page));
  else await words.click({ button: 'right' });
  await expect(menu(page)).toBeVisible();
}

async function sent<T extends Command['type']>(page: Page, type: T) {
  const commands = await page.evaluate(() => window.pipit?.commands ?? []);
  return commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
}

test('a reaction is given from the bar in the menu, joined and taken back by its chip', async ({
  page,
  open,
}) => {
  await open('changed', room(2));
  const oars = line(page, /new oars are here/);
  await openMenu(page, line(page, /Bring a light/));
  await page.getByRole('menuitemcheckbox', { name: '👍' }).click();
  await expect(menu(page)).toBeHidden();
  const thumb = line(page, /Bring a light/).getByRole('button', { name: /^👍/ });
  await expect(thumb).toHaveAccessibleName('👍, 1 person: you; press to take yours back');
  await expect(thumb).toHaveAttribute('aria-pressed', 'true');

  const party = oars.getByRole('button', { name: /^🎉/ });
  await expect(party).toHaveAccessibleName(
    '🎉, 3 people: you, Yuki Tanaka and Amara Okafor; press to take yours back',
  );
  await party.click();
  await expect(party).toHaveAccessibleName('🎉, 2 people: Yuki Tanaka and Amara Okafor; press to react, too');
  await expect(party).toHaveAttribute('aria-pressed', 'false');
  await thumb.click();
  await expect(thumb).toBeHidden();
  expect((await sent(page, 'react')).map(({ emoji, on }) => [emoji, on])).toEqual([
    ['👍', true],
    ['🎉', false],
    ['👍', false],
  ]);
});

test('any emoji is a reaction, by the picker', async ({ page, open }) => {
  await open('changed', room(2));
  await openMenu(page, line(page, /Bring a light/));
  await page.getByRole('menuitem', { name: 'Other emoji' }).click();
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('rowing');
  await page
    .getByRole('button', { name: /rowing boat/ })
    .first()
    .click();
  await expect(line(page, /Bring a light/).getByRole('button', { name: /^🚣/ })).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Search emoji' })).toBeHidden();
  await expect(line(page, /Bring a light/)).toBeFocused();
});

test('emoji have the skin that was chosen once', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await page.getByRole('radio', { name: 'Medium skin tone' }).check();
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('waving hand');
  await page.getByRole('button', { name: 'waving hand', exact: true }).click();
  await expect(composer(page)).toHaveValue('👋🏽');
  await page.reload();
  await openMenu(page, line(page, /Bring a light/));
  await page.getByRole('menuitem', { name: 'Other emoji' }).click();
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('clapping');
  await page.getByRole('button', { name: 'clapping hands', exact: true }).click();
  await expect(line(page, /Bring a light/).getByRole('button', { name: /^👏🏽/ })).toBeVisible();
});

test('who reacted is listed', async ({ page, open }) => {
  await open('changed', room(2));
  await openMenu(page, line(page, /new oars are here/));
  await item(page, 'Who reacted').click();
  const dialog = page.getByRole('dialog', { name: 'Who reacted' });
  await expect(dialog.getByRole('region', { name: '🎉, 3 people' })).toContainText('Robin Aaltonen (you)');
  await expect(dialog.getByRole('region', { name: '👏🏽, 1 person' })).toContainText('Theo Lindqvist');
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(line(page, /new oars are here/)).toBeFocused();
});

test('a message is edited in the composer; what was being written comes back', async ({ page, open }) => {
  await open('full', room(1));
  await composer(page).fill('half a thought');
  const message = line(page, /^You, See you at the pier/);
  await openMenu(page, message);
  await item(page, 'Edit').click();
  await expect(page.getByText('Editing your message')).toBeVisible();
  await expect(composer(page)).toBeFocused();
  await expect(composer(page)).toHaveValue(/^See you at the pier, 8:30/);
  await composer(page).fill('See you at the pier, 8:15.');
  await composer(page).press('Enter');
  await expect(page.getByText('Editing your message')).toBeHidden();
  await expect(composer(page)).toHaveValue('half a thought');
  const edited = line(page, /^You, See you at the pier, 8:15\., .*edited/);
  await expect(edited).toBeVisible();
  await expect(page.getByTestId('live')).toHaveText('The message was changed.');
  // Of the edit nothing was kept as a draft.
  expect((await sent(page, 'save_draft')).map(({ text }) => text)).not.toContain(
    'See you at the pier, 8:15.',
  );

  await edited.getByRole('button', { name: /edited, show/ }).click();
  const history = page.getByRole('dialog', { name: 'What it said before' });
  await expect(history.getByRole('listitem')).toHaveCount(2);
  await expect(history.getByRole('listitem').first()).toContainText('8:15');
  await expect(history.getByRole('listitem').last()).toContainText('I will be the one with the thermos');
  await expectAccessible(page);
});

test('an edit that changes nothing, or is left, asks for nothing', async ({ page, open }) => {
  await open('full', room(1));
  await openMenu(page, line(page, /^You, See you at the pier/));
  await item(page, 'Edit').click();
  await composer(page).press('Enter');
  await expect(page.getByText('Editing your message')).toBeHidden();
  await openMenu(page, line(page, /^You, See you at the pier/));
  await item(page, 'Edit').click();
  await composer(page).fill('something else');
  await composer(page).press('Escape');
  await expect(composer(page)).toHaveValue('');
  expect(await sent(page, 'edit_message')).toEqual([]);
});

test('an edit that is refused gives the words back', async ({ page, open }) => {
  await open('full', room(1));
  await page.evaluate(() => window.pipit?.refuse('edit_message', 'window_closed'));
  await openMenu(page, line(page, /^You, See you at the pier/));
  await item(page, 'Edit').click();
  await composer(page).fill('Too late, alas');
  await composer(page).press('Enter');
  await expect(notices(page).getByText('It is too late to change this message.')).toBeVisible();
  await expect(composer(page)).toHaveValue('Too late, alas');
});

test('deleting asks once, and leaves a tombstone', async ({ page, open }) => {
  await open('changed', room(2));
  await openMenu(page, line(page, /^You, Count me in/));
  await item(page, 'Delete for everyone').click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete this message for everyone?' });
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog).toBeHidden();
  await expect(notices(page).getByText('The message was deleted.')).toBeVisible();
  await expect(line(page, /You deleted this message/)).toBeVisible();
  await expect(page.getByText('Count me in')).toBeHidden();
  // Of others, and by somebody else.
  await expect(line(page, /^Yuki Tanaka, This message was deleted/)).toBeVisible();
  await expect(line(page, /^Theo Lindqvist, Amara Okafor deleted this message/)).toBeVisible();
  await line(page, /You deleted this message/)
    .getByText('You deleted this message')
    .click({ button: 'right' });
  await expect(menu(page)).toBeHidden();
});

test('what is deleted by somebody else goes while it is looked at', async ({ page, open }) => {
  await open('full', room(2));
  await page.evaluate(() => window.pipit?.change(2, 'yuki', 6, 'delete'));
  await expect(line(page, /^Yuki Tanaka, This message was deleted/)).toBeVisible();
  await expect(page.getByText('I can, after five.')).toBeHidden();
});

test('what is deleted is so in the list and in the quotes, too; a change that is taken back is said', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  const answer = line(page, /North side, yes/);
  await expect(answer.getByRole('button', { name: /Shall we walk around/ })).toBeVisible();
  const key = await line(page, /Shall we walk around the north side/)
    .first()
    .getAttribute('data-key');
  await page.evaluate((of) => window.pipit?.change(1, 'mila', of ?? '', 'delete'), key);
  await expect(answer.getByRole('button', { name: /A deleted message/ })).toBeVisible();
  await page.evaluate(() => window.pipit?.change(5, 'me', 3, 'delete'));
  await expect(page.locator(`a[href="${room(5)}"]`)).toContainText('You deleted this message');
  await page.evaluate(() => window.pipit?.takeBack(1, 'window_closed'));
  await expect(
    notices(page).getByText('A change of a message was taken back. It is too late to change this message.'),
  ).toBeVisible();
});

test('pinned messages stand above the timeline: each press leads to the one before', async ({
  page,
  open,
}) => {
  await open('changed', room(2));
  const pins = page.getByRole('region', { name: 'Pinned messages' });
  await expect(pins).toContainText('Pinned 1 of 2: Amara Okafor');
  await pins.getByRole('button', { name: /Training moves/ }).click();
  await expect(line(page, /Training moves/)).toBeFocused();
  await pins.getByRole('button', { name: /new oars/ }).click();
  await expect(line(page, /new oars are here/)).toBeFocused();
  await expect(line(page, /new oars are here/)).toBeInViewport();

  await pins.getByRole('button', { name: 'All pinned messages' }).click();
  const dialog = page.getByRole('dialog', { name: 'Pinned messages' });
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: /Unpin Jonas Weber: The new oars/ }).click();
  await expect(dialog.getByRole('listitem')).toHaveCount(1);
  await dialog.getByRole('button', { name: /^Amara Okafor/ }).click();
  await expect(dialog).toBeHidden();
  await expect(line(page, /Training moves/)).toBeFocused();
  await expect(pins).toContainText('Pinned: Amara Okafor');
});

// By itself, so that no notice of a step before lies over the message.
test('a message is unpinned from its menu', async ({ page, open }) => {
  await open('changed', room(2));
  const pins = page.getByRole('region', { name: 'Pinned messages' });
  await expect(pins).toContainText('Pinned 1 of 2: Amara Okafor');
  await openMenu(page, line(page, /Training moves/));
  await item(page, 'Unpin for everyone').click();
  await expect(pins).toContainText('Pinned: Jonas Weber');
});

test('a message is pinned from its menu', async ({ page, open }) => {
  await open('full', room(2));
  const pins = page.getByRole('region', { name: 'Pinned messages' });
  await expect(pins).toBeHidden();
  await openMenu(page, line(page, /Bring a light/));
  await item(page, 'Pin for everyone').click();
  await expect(pins).toContainText('Bring a light');
  await expect(line(page, /Bring a light/)).toHaveAccessibleName(/, pinned/);
});

test('a message is forwarded to conversations that are chosen', async ({ page, open }) => {
  await open('full', room(1));
  await openMenu(page, line(page, /I finally fixed the rucksack/));
  await item(page, 'Forward').click();
  const dialog = page.getByRole('dialog', { name: 'Forward the message' });
  await expect(dialog.getByRole('button', { name: 'Forward' })).toBeDisabled();
  await dialog.getByRole('checkbox', { name: 'Jonas Weber' }).check();
  await dialog.getByRole('searchbox', { name: 'Search conversations' }).fill('rowing');
  await expect(dialog.getByRole('checkbox')).toHaveCount(1);
  await dialog.getByRole('checkbox', { name: 'Harbour Rowing Club' }).check();
  await expectAccessible(page);
  await dialog.getByRole('searchbox').fill('nobody is called that');
  await expect(dialog.getByText('No conversation is called that.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Forward to 2 conversations' }).click();
  await expect(dialog).toBeHidden();
  await expect(notices(page).getByText('Forwarded to 2 conversations.')).toBeVisible();
  const [command] = await sent(page, 'forward_messages');
  expect(command?.to.map(({ ids }) => ids.length)).toEqual([1, 1]);
  expect(command?.messages).toHaveLength(1);
});

test('several messages are chosen, copied, and deleted together', async ({ page, open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open('full', room(1));
  await openMenu(page, line(page, /^You, I will pack the good binoculars/));
  await item(page, 'Select').click();
  const bar = page.getByRole('toolbar', { name: 'Selected messages' });
  await expect(bar).toContainText('1 selected');
  await expect(composer(page)).toBeHidden();
  await line(page, /I finally fixed the rucksack/).click();
  await expect(bar).toContainText('2 selected');
  await expect(line(page, /I finally fixed the rucksack.*selected/)).toBeVisible();
  await expectAccessible(page);
  await bar.getByRole('button', { name: 'Copy' }).click();
  await expect(notices(page).getByText('2 messages were copied.')).toBeVisible();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe('I will pack the good binoculars.\nAnd I finally fixed the rucksack.');
  await expect(bar).toBeHidden();
  await expect(composer(page)).toBeVisible();

  await openMenu(page, line(page, /^You, I will pack the good binoculars/));
  await item(page, 'Select').click();
  await line(page, /^You, See you at the pier/).click();
  await bar.getByRole('button', { name: 'Delete' }).click();
  await page
    .getByRole('alertdialog', { name: 'Delete 2 messages for everyone?' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await expect(line(page, /You deleted this message/)).toHaveCount(2);
  await expect(bar).toBeHidden();
});

test('messages are deleted for oneself alone, from the menu and from the selection', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  const theirs = line(page, /I finally fixed the rucksack/);
  await openMenu(page, theirs);
  await item(page, 'Delete for me').click();
  const dialog = page.getByRole('alertdialog', { name: 'Delete this message for yourself?' });
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete for me' }).click();
  await expect(notices(page).getByText('The message was deleted for you.')).toBeVisible();
  await expect(theirs).toBeHidden();

  await openMenu(page, line(page, /^You, I will pack the good binoculars/));
  await item(page, 'Select').click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
  const which = page.getByRole('alertdialog', { name: 'Delete this message for everyone?' });
  await which.getByRole('button', { name: 'Only for me' }).click();
  await expect(line(page, /I will pack the good binoculars/)).toBeHidden();
  await expect(page.getByRole('toolbar')).toBeHidden();
  expect((await sent(page, 'delete_for_me')).map(({ messages }) => messages.length)).toEqual([1, 1]);
});

test('messages are set to disappear after a time of one’s own choice', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('button', { name: 'Disappearing messages: off' }).click();
  const dialog = page.getByRole('dialog', { name: 'Disappearing messages' });
  await dialog.getByRole('radio', { name: 'Another time' }).check();
  await dialog.getByLabel('How many').fill('2');
  await dialog.getByLabel('Unit').selectOption('second');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('Choose between 5 seconds and 365 days.')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('radio', { name: '4 weeks' }).check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('You set messages to disappear after 4 weeks')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Messages disappear after 4 weeks' })).toBeVisible();
});

test('who has received and who has read it', async ({ page, open }) => {
  await open('changed', room(2));
  await openMenu(page, line(page, /^You, Count me in/));
  await item(page, 'Who has read it').click();
  const dialog = page.getByRole('dialog', { name: 'Who has read it' });
  await expect(dialog.getByRole('region', { name: 'Read by' })).toContainText('Theo Lindqvist');
  await expect(dialog.getByRole('region', { name: 'Delivered to', exact: true })).toBeVisible();
  await expect(dialog.getByRole('region', { name: 'Not yet delivered to' })).toBeVisible();
  await expectAccessible(page);
});

test('what cannot be asked without a line says so, and is asked again', async ({ page, open }) => {
  await open('changed', room(2));
  await page.evaluate(() => window.pipit?.refuse('get_message_info', 'offline'));
  await openMenu(page, line(page, /^You, Count me in/));
  await item(page, 'Who has read it').click();
  const dialog = page.getByRole('dialog', { name: 'Who has read it' });
  await expect(dialog.getByRole('alert')).toHaveText(/The server cannot be reached/);
  await page.evaluate(() => window.pipit?.refuse('get_message_info', null));
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await expect(dialog.getByRole('region', { name: 'Read by' })).toBeVisible();
});

test('a pinned message that is not loaded is gone to, and one comes back to the newest', async ({
  page,
  open,
}) => {
  await open('changed', room(1));
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  await composer(page).fill('still here');
  const pins = page.getByRole('region', { name: 'Pinned messages' });
  await pins.getByRole('button', { name: /\(4\)/ }).click();
  const old = line(page, /Sunday works for me, if the wind stays down\. \(4\)/);
  await expect(old).toBeInViewport();
  await expect(old).toBeFocused();
  await expect(line(page, /See you at the pier/)).toBeHidden();
  await expect(composer(page)).toHaveValue('still here');

  // Newer ones are loaded as one goes down.
  await expect(async () => {
    await page.locator('.viewport').evaluate((element) => element.scrollTo(0, element.scrollHeight));
    expect(await sent(page, 'load_newer')).not.toHaveLength(0);
  }).toPass();
  const jump = page.getByRole('button', { name: /Jump to the latest/ });
  await expect(jump).toBeVisible();
  await expect(page.getByTestId('live')).toHaveText('');
  await pins.getByRole('button', { name: /\(4\)/ }).click();
  await expect(old).toBeInViewport();
  await jump.click();
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  await expect(jump).toBeHidden();
});

test('a place that cannot be shown says why, and the newest messages stay', async ({ page, open }) => {
  await open('changed', room(1));
  await page.evaluate(() => window.pipit?.refuse('open_timeline_at', 'offline'));
  await page.getByRole('button', { name: /\(4\)/ }).click();
  await expect(notices(page).getByText(/The server cannot be reached/)).toBeVisible();
  await expect(line(page, /See you at the pier/)).toBeInViewport();
});

test('nothing on the screen moves when a reaction comes', async ({ page, open }) => {
  await open('full', room(1));
  const viewport = page.locator('.viewport');
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  // At the end the end is kept: the newest line goes up by what the reaction needs, none is covered.
  await page.evaluate(() => window.pipit?.change(1, 'mila', 162, { emoji: '👍', on: true }));
  const end = () => viewport.evaluate((el) => el.scrollHeight - el.clientHeight - el.scrollTop);
  await expect.poll(end).toBeLessThan(2);

  // In the middle the line that is looked at stays, whatever comes to those above it.
  await expect(async () => {
    await viewport.evaluate((element) =>
      element.scrollTo(0, element.scrollHeight - element.clientHeight - 1_200),
    );
    await expect(page.getByRole('button', { name: /Jump to the latest/ })).toBeVisible({ timeout: 500 });
  }).toPass();
  const place = () =>
    viewport.evaluate((element) => {
      const middle = element.getBoundingClientRect().top + 200;
      const rows = Array.from(element.querySelectorAll('[role="listitem"]'));
      const at = rows.findIndex((row) => row.getBoundingClientRect().bottom > middle);
      return {
        key: rows[at]?.getAttribute('data-key'),
        top: rows[at]?.getBoundingClientRect().top ?? 0,
        above: rows.slice(0, at).filter((row) => row.getBoundingClientRect().bottom < 0).length,
      };
    });
  let held = await place();
  await expect(async () => {
    const before = held;
    held = await place();
    expect(held).toEqual(before);
  }).toPass();
  const above = await viewport.evaluate((element) => {
    const top = element.getBoundingClientRect().top;
    const rows = Array.from(element.querySelectorAll('[role="listitem"]'));
    const row = rows.findLast((one) => one.getBoundingClientRect().bottom < top);
    return row?.getAttribute('data-key') ?? '';
  });
  expect(above).not.toBe('');
  await page.evaluate((key) => window.pipit?.change(1, 'mila', key, { emoji: '🎉', on: true }), above);
  await expect(page.locator(`[data-key="${above}"] .reactions`)).toBeAttached();
  await expect.poll(async () => (await place()).key).toBe(held.key);
  await expect.poll(async () => Math.abs((await place()).top - held.top)).toBeLessThanOrEqual(1);
});
