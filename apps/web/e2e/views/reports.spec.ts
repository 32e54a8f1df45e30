import type { Locator, Page } from '@playwright/test';

import type { ReportCommand } from '../../src/generated/types';
import { longPress } from '../support/phone';
import {
  expect,
  expectAccessible,
  expectAccessibleInEveryLook,
  expectFits,
  room,
  test,
} from '../support/views';

const isPhone = (page: Page): boolean => (page.viewportSize()?.width ?? 0) < 600;
const menu = (page: Page) => page.getByRole('menu', { name: 'Actions for this message' });
const dialog = (page: Page, name: string) => page.getByRole('dialog', { name: `Report ${name}` });
const submit = (page: Page) => page.getByRole('button', { name: 'Send report' });

async function choose(page: Page, on: Locator, action: string): Promise<void> {
  if (isPhone(page)) await longPress(page, on, menu(page));
  else await on.click({ button: 'right' });
  await menu(page).getByRole('menuitem', { name: action, exact: true }).click();
}

/** What the core was asked about reports. */
async function asked<T extends ReportCommand['type']>(page: Page, type: T) {
  const commands = await page.evaluate(() => window.pipit?.commands ?? []);
  const asks = commands.flatMap((command) => (command.type === 'report' ? [command.ask] : []));
  return asks.filter((ask): ask is Extract<ReportCommand, { type: T }> => ask.type === type);
}

async function openReports(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'All settings' }).click();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Reports' }).click();
  return page.getByRole('dialog', { name: 'Reports' });
}

test('a message is reported from its menu, with a reason and a note', async ({ page, open }) => {
  await open('full', room(2));
  await choose(page, page.getByText('Bring a light for the way back.'), 'Report');
  const report = dialog(page, 'Amara Okafor');
  await expect(report.getByRole('radio', { name: 'Spam' })).toBeFocused();
  await expect(report.getByRole('list', { name: 'What they will see' }).getByRole('listitem')).toHaveText([
    /Bring a light for the way back\./,
  ]);
  await expect(report).toContainText('Those who run this server will see these messages');
  await expect(report).not.toContainText('encrypted');
  // In a group nobody is blocked.
  await expect(report.getByRole('checkbox')).toHaveCount(0);
  await expectFits(page);
  await expectAccessibleInEveryLook(page);

  await submit(page).click();
  await expect(report.getByRole('alert')).toHaveText('Choose what it is for.');
  await expect(report.getByRole('radio', { name: 'Spam' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(report.getByRole('radio', { name: 'Something else' })).toBeChecked();
  await submit(page).click();
  const note = report.getByRole('textbox', { name: 'Note' });
  await expect(note).toBeFocused();
  await expect(note).toHaveAccessibleDescription('Say what it is.');
  await note.fill('é'.repeat(1_001));
  await expect(report).toContainText('1 character too long');
  await expectAccessible(page);
  await submit(page).click();
  await expect(note).toBeFocused();
  expect(await asked(page, 'send')).toEqual([]);
  await note.fill('  The way back is mine.\n');
  await submit(page).click();
  await expect(report).toBeHidden();
  await expect(page.getByText('Your report was sent.')).toBeVisible();
  const [sent] = await asked(page, 'send');
  expect(sent).toMatchObject({ reason: 'other', note: 'The way back is mine.' });
  expect(sent?.messages).toHaveLength(1);
  expect(sent?.conversation).not.toBe(null);
});

test('what is not taken says why, and what was written stays', async ({ page, open }) => {
  await open('full', room(2));
  await choose(page, page.getByText('Bring a light for the way back.'), 'Report');
  const report = dialog(page, 'Amara Okafor');
  await report.getByRole('radio', { name: 'Somebody is in danger' }).check();
  await report.getByRole('textbox', { name: 'Note' }).fill('It is dark out there.');
  await page.evaluate(() => window.pipit?.refuse('report', 'offline'));
  await submit(page).click();
  await expect(report.getByRole('alert')).toContainText('A report needs a connection to the server');
  await page.evaluate(() => window.pipit?.refuse('report', 'limit_reached'));
  await submit(page).click();
  await expect(report.getByRole('alert')).toContainText('have not been dealt with yet');
  await expect(report.getByRole('textbox', { name: 'Note' })).toHaveValue('It is dark out there.');
  await expectAccessible(page);
  await page.evaluate(() => window.pipit?.refuse('report', null));
  await submit(page).click();
  await expect(report).toBeHidden();
  const sent = await asked(page, 'send');
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ id }) => id)).size, 'the same report each time').toBe(1);
});

test('several messages of an encrypted group are reported, as far as something proves them', async ({
  page,
  open,
}) => {
  await open('encrypted', room(8));
  await choose(page, page.getByText('Now this phone has the keys, too.'), 'Select');
  const bar = page.getByRole('toolbar', { name: 'Selected messages' });
  await expect(bar.getByRole('button', { name: 'Report' })).toBeVisible();
  // Not those of two people, and not one's own.
  await page.getByRole('checkbox', { name: /And nobody else/ }).press('Space');
  await expect(bar.getByRole('button', { name: 'Report' })).toHaveCount(0);
  await page.getByRole('checkbox', { name: /And nobody else/ }).press('Space');
  await page.getByRole('checkbox', { name: /From the jetty/ }).press('Space');
  await expectFits(page);
  await expectAccessible(page);
  await bar.getByRole('button', { name: 'Report' }).click();
  const report = dialog(page, 'Mila Novak');
  await expect(report.getByRole('listitem')).toHaveText([/has the keys/, /tides\.pdf.*From the jetty/]);
  await expect(report).toContainText('This conversation is encrypted: only what you choose here is shown');
  await expectFits(page);
  await expectAccessibleInEveryLook(page);
  // Who thinks better of it finds the messages chosen as before.
  await page.keyboard.press('Escape');
  await expect(report).toBeHidden();
  await expect(bar).toContainText('2 selected');
  await bar.getByRole('button', { name: 'Report' }).click();
  await report.getByRole('radio', { name: 'Harassment' }).check();
  await submit(page).click();
  await expect(page.getByText('Your report was sent without 1 message')).toBeVisible();
  await expect(bar).toHaveCount(0);
  const [sent] = await asked(page, 'send');
  expect(sent?.messages).toHaveLength(2);
});

test('somebody is reported from the details, and blocked as well', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByRole('button', { name: 'Details' }).click();
  await page
    .getByRole('complementary', { name: 'Details' })
    .getByRole('button', { name: 'Report Mila Novak' })
    .click();
  const report = dialog(page, 'Mila Novak');
  await expect(report).toContainText('Nothing of what was said.');
  await report.getByRole('radio', { name: 'Against the law' }).check();
  const blocks = report.getByRole('checkbox', { name: 'Also block Mila Novak' });
  await expect(blocks).not.toBeChecked();
  await blocks.check();
  await expectFits(page);
  await expectAccessible(page);
  await submit(page).click();
  await expect(page.getByText('Your report was sent.')).toBeVisible();
  await expect(page.getByText('Mila Novak is blocked.', { exact: false })).toBeVisible();
  const [sent] = await asked(page, 'send');
  expect(sent).toMatchObject({ reason: 'illegal', note: '', conversation: null, messages: [] });
});

test('a member and a stranger are reported where they stand', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Details' }).click();
  const members = page.getByRole('list', { name: 'Members' });
  await members.getByRole('button', { name: 'Actions for Theo Lindqvist' }).click();
  await page.getByRole('menuitem', { name: 'Report' }).click();
  const member = dialog(page, 'Theo Lindqvist');
  await expect(member).toBeVisible();
  await expect(member.getByRole('checkbox')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(member).toBeHidden();

  await open('requests', room(4));
  const request = page.getByRole('region', { name: /wants to write to you/ });
  await request.getByRole('button', { name: 'Report' }).click();
  const stranger = dialog(page, 'Elin Aaltonen');
  await stranger.getByRole('radio', { name: 'Spam' }).check();
  await stranger.getByRole('checkbox', { name: 'Also block Elin Aaltonen' }).check();
  await expect(stranger).toContainText('Their request is deleted.');
  await expectAccessible(page);
  await submit(page).click();
  await expect(page.getByText('Elin Aaltonen is blocked.', { exact: false })).toBeVisible();
  const answers = await page.evaluate(() =>
    window.pipit?.commands.flatMap((one) => (one.type === 'answer_request' ? [one.answer] : [])),
  );
  expect(answers).toEqual(['refuse']);
});

test('administrators read reports, close them, and find those that are closed', async ({ page, open }) => {
  await open('full');
  const reports = await openReports(page);
  await expect(reports.getByRole('article')).toHaveCount(2);
  const insult = reports.getByRole('article', { name: /^Harassment.*Theo Lindqvist/ });
  await expect(insult).toContainText('Reported by Salma Benali (@salma.b)');
  await expect(insult).toContainText('It has been going on since the regatta.');
  // What a message was changed to stands behind it; none of it is drawn as what it would be.
  const said = insult.getByRole('list', { name: 'What they said' }).locator('> li');
  await expect(said).toHaveText([
    /You row like a \*\*wet sack\*\*, Salma\..*Changed to.*You row like a dry sack, Salma\./,
    /Nobody wants <b>you<\/b> here:/,
  ]);
  await expect(insult).toContainText('How to leave a harbour');
  await expect(insult).not.toContainText('encrypted');
  const spam = reports.getByRole('article', { name: /^Spam.*Oskar/ });
  await expect(spam).toContainText('From an encrypted conversation.');
  await expect(spam).toContainText('The other cheap one');
  await expect(spam).toContainText('price-list-for-all-the-boats-of-the-harbour.pdf');
  await expect(spam).toContainText('how to pay them at once');
  await expectFits(page);
  await expectAccessibleInEveryLook(page);
  await reports.getByRole('button', { name: 'Show more' }).click();
  await expect(reports.getByRole('article', { name: /^Something else.*Jonas/ })).toContainText(
    'No messages are shown.',
  );

  const closing = insult.getByRole('button', { name: 'Close the report of Theo Lindqvist' });
  await closing.click();
  const what = insult.getByRole('textbox', { name: 'What was done' });
  await expect(what).toBeFocused();
  await insult.getByRole('button', { name: 'Cancel' }).click();
  await expect(closing).toBeFocused();
  await closing.press('Enter');
  await what.fill('Talked to him.');
  await page.evaluate(() => window.pipit?.refuse('report', 'unavailable'));
  await insult.getByRole('button', { name: 'Close report' }).click();
  await expect(insult.getByRole('alert')).toHaveText('The server cannot do this right now.');
  await expect(what).toHaveValue('Talked to him.');
  await expectAccessible(page);
  await page.evaluate(() => window.pipit?.refuse('report', null));
  await insult.getByRole('button', { name: 'Close report' }).click();
  await expect(insult).toHaveCount(0);
  await expect(reports.getByRole('status').filter({ hasText: 'The report is closed.' })).toBeVisible();
  await expect(reports.getByRole('region', { name: 'Open' })).toBeFocused();

  await reports.getByRole('radio', { name: 'Closed' }).check({ force: true });
  const closed = reports.getByRole('article', { name: /^Harassment.*Theo/ });
  await expect(closed).toContainText('Closed by Robin Aaltonen');
  await expect(closed).toContainText('Talked to him.');
  await expect(closed).toContainText('You row like a');
  await expect(closed.getByRole('button')).toHaveCount(0);
  await expect(reports.getByRole('article', { name: /^Somebody is in danger/ })).toContainText('Called him.');
  await expectFits(page);
  await expectAccessible(page);
});

test('reports that do not come are asked for again, and where there are none that is said', async ({
  page,
  open,
}) => {
  await open('empty');
  await page.evaluate(() => window.pipit?.refuse('report', 'offline'));
  const reports = await openReports(page);
  await expect(reports.getByRole('alert')).toHaveText('The server cannot be reached. Check your connection.');
  await page.evaluate(() => window.pipit?.refuse('report', null));
  await reports.getByRole('button', { name: 'Try again' }).click();
  await expect(reports.getByText('Nobody has reported anything.')).toBeVisible();
  await expectAccessible(page);
  await reports.getByRole('radio', { name: 'Closed' }).check({ force: true });
  await expect(reports.getByText('There are no closed reports.', { exact: false })).toBeVisible();
});

test('whoever does not run the server has no reports', async ({ page, open }) => {
  await open('member');
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'All settings' }).click();
  const list = page.getByRole('navigation', { name: 'Settings' });
  await expect(list.getByRole('button', { name: 'Storage and data' })).toBeVisible();
  await expect(list.getByRole('button', { name: 'Reports' })).toHaveCount(0);
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('reports');
  await expect(page.getByText('Nothing was found.')).toBeVisible();
});
