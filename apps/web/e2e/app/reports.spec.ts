import type { Locator } from '@playwright/test';

import { expect, test, type Person } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

/** Writes a message to somebody, and changes it when they have it. */
async function insult(who: Person, whom: Person, first: string, then: string): Promise<void> {
  await who.write(first);
  await expect(whom.line(first)).toBeVisible();
  await who.choose(who.line(first), 'Edit');
  await who.composer.fill(then);
  await who.composer.press('Enter');
  await expect(who.line(then)).toContainText('edited');
}

/** Reports somebody from the menu of what they said. */
async function report(who: Person, text: string, name: string, note: string): Promise<void> {
  await expect(who.line(text)).toContainText('edited');
  await who.choose(who.line(text), 'Report');
  const dialog = who.page.getByRole('dialog', { name: `Report ${name}` });
  await dialog.getByRole('radio', { name: 'Harassment' }).check();
  await dialog.getByRole('textbox', { name: 'Note' }).fill(note);
  await expect(dialog.getByRole('listitem')).toHaveText([new RegExp(text)]);
  await dialog.getByRole('button', { name: 'Send report' }).click();
  await expect(dialog).toBeHidden();
  await expect(who.page.getByText('Your report was sent.', { exact: true })).toBeVisible();
}

/** Opens the reports, which ask the server. */
async function openReports(who: Person): Promise<Locator> {
  await who.menu('Account', 'All settings');
  await who.page
    .getByRole('navigation', { name: 'Settings' })
    .getByRole('button', { name: 'Reports', exact: true })
    .click();
  return who.page.getByRole('dialog', { name: 'Reports' });
}

async function close(reports: Locator, name: string, note: string): Promise<void> {
  await reports.getByRole('button', { name: `Close the report of ${name}` }).click();
  await reports.getByRole('textbox', { name: 'What was done' }).fill(note);
  await reports.getByRole('button', { name: 'Close report', exact: true }).click();
  await expect(reports.getByText('The report is closed.')).toBeVisible();
  await expect(reports.getByText('Nobody has reported anything.')).toBeVisible();
}

test('what somebody says is reported to those who run the server, who see it though they are not there', async ({
  person,
}) => {
  test.setTimeout(240_000);
  const [ada, ben, cem] = await Promise.all([person('Ada'), person('Ben'), person('Cem')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await cem.join(await ben.invite(), 'Ben');

  await test.step('in a group that is not encrypted, with what it said before it was edited', async () => {
    await ben.makeGroup('Rowing', 'cem');
    await cem.openConversation('Rowing');
    await insult(cem, ben, '· You row like a sack', '· You row like a wet sack');
    await report(ben, '· You row like a wet sack', 'Cem', 'He does not stop.');
    const reports = await openReports(ada);
    const first = reports.getByRole('article', { name: /^Harassment.*Cem/ });
    await expect(first).toContainText('Reported by Ben (@ben)');
    await expect(first).toContainText('He does not stop.');
    await expect(first.getByRole('list', { name: 'What they said' }).getByRole('listitem')).toHaveText([
      /· You row like a sack.*Changed to.*· You row like a wet sack/,
    ]);
    await expect(first).not.toContainText('encrypted');
  });

  await test.step('what is deleted stays with the report, which is closed and kept', async () => {
    await cem.choose(cem.line('· You row like a wet sack'), 'Delete for everyone');
    await cem.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await expect(ben.line('· You row like a wet sack')).toHaveCount(0);
    await ada.closeDialog();
    const reports = await openReports(ada);
    await expect(reports.getByRole('article')).toContainText('· You row like a wet sack');
    await close(reports, 'Cem', 'Talked to Cem.');
    await reports.getByRole('radio', { name: 'Closed' }).check({ force: true });
    const closed = reports.getByRole('article', { name: /^Harassment.*Cem/ });
    await expect(closed).toContainText('Closed by Ada');
    await expect(closed).toContainText('Talked to Cem.');
    await expect(closed).toContainText('· You row like a sack');
    await ada.closeDialog();
  });

  await test.step('in an encrypted conversation, of which nobody sees more than was chosen', async () => {
    await cem.toList();
    await cem.startChat('Ben', { encrypted: true });
    await cem.write('· nobody learns of this marzipan');
    await ben.openConversation('Cem');
    await expect(ben.line('· nobody learns of this marzipan')).toBeVisible();
    await insult(cem, ben, '· I know where you live', '· I know where you sleep');
    await report(ben, '· I know where you sleep', 'Cem', 'Now he threatens me.');
    const reports = await openReports(ada);
    const second = reports.getByRole('article', { name: /^Harassment.*Cem/ });
    await expect(second).toContainText('Now he threatens me.');
    await expect(second).toContainText('From an encrypted conversation.');
    await expect(second.getByRole('list', { name: 'What they said' }).getByRole('listitem')).toHaveText([
      /· I know where you live.*Changed to.*· I know where you sleep/,
    ]);
    await expect(second).not.toContainText('marzipan');
    await close(reports, 'Cem', 'Suspended.');
  });

  await test.step('whoever does not run the server has none of it', async () => {
    await ben.menu('Account', 'All settings');
    const list = ben.page.getByRole('navigation', { name: 'Settings' });
    await expect(list.getByRole('button', { name: 'Storage and data' })).toBeVisible();
    await expect(list.getByRole('button', { name: 'Reports' })).toHaveCount(0);
  });
});
