import type { Page } from '@playwright/test';

import type { Command } from '../../src/generated/types';
import { png } from '../support/picture';
import { expect, expectAccessible, room, test } from '../support/views';

test.describe.configure({ timeout: 180_000 });

const composer = (page: Page) => page.getByRole('textbox', { name: /Message to/ });

async function sent<T extends Command['type']>(page: Page, type: T) {
  const commands = await page.evaluate(() => window.pipit?.commands ?? []);
  return commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
}

test('what is written is scheduled from the menu beside the field', async ({ page, open }) => {
  await open('full', room(2));
  await composer(page).fill('Good morning');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Send later' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send later' });
  await expect(dialog.getByRole('textbox', { name: 'Message' })).toHaveValue('Good morning');
  await expect(dialog.getByRole('radio', { name: /In one hour/ })).toBeFocused();
  await expectAccessible(page);
  await dialog.getByRole('radio', { name: 'At a time of your own' }).check();
  await dialog.getByLabel('Date and time').fill('2020-01-01T08:00');
  await dialog.getByRole('button', { name: 'Schedule' }).click();
  await expect(dialog.getByRole('alert')).toHaveText('This time has passed.');
  await dialog.getByRole('radio', { name: /Tomorrow morning/ }).check();
  const before = Date.now();
  await dialog.getByRole('button', { name: 'Schedule' }).click();
  await expect(dialog).toBeHidden();
  await expect(composer(page)).toHaveValue('');
  await expect(composer(page)).toBeFocused();
  await expect(page.getByRole('button', { name: '1 scheduled message' })).toBeVisible();
  const [command] = await sent(page, 'schedule_message');
  expect(command?.text).toBe('Good morning');
  expect(command?.send_at).toBeGreaterThan(before);
  expect(await sent(page, 'send_message')).toEqual([]);
});

test('what is scheduled is listed, changed, sent now and taken back', async ({ page, open }) => {
  await page.route('**/v1/blobs/**', (route) =>
    route.fulfill({ contentType: 'image/png', body: png(40, 30, [70, 120, 160]) }),
  );
  await open('later', room(2));
  // Whoever leaves is told what is lost by it. One of the two was refused before.
  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: 'Leave group' }).click();
  await page.getByRole('button', { name: 'Make Jonas Weber an owner' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await details.getByRole('button', { name: 'Leave group' }).click();
  const sure = page.getByRole('alertdialog');
  await expect(sure).toContainText('2 messages that you have scheduled here will not be sent.');
  await sure.getByRole('button', { name: 'Cancel' }).click();
  await details.getByRole('button', { name: 'Close details' }).click();
  await page.getByRole('button', { name: '3 scheduled messages' }).click();
  const dialog = page.getByRole('dialog', { name: 'Scheduled messages' });
  const refused = dialog.getByRole('listitem', { name: 'Who has the key?' });
  await expect(refused).toContainText('Not sent');
  await expectAccessible(page);
  await refused.getByRole('button', { name: 'Delete' }).click();
  await expect(refused).toBeHidden();
  await dialog
    .getByRole('listitem', { name: 'Training is at eight today' })
    .getByRole('button', { name: 'Change' })
    .click();
  const change = page.getByRole('dialog', { name: 'Send later' });
  await change.getByRole('textbox', { name: 'Message' }).fill('Training is at nine');
  await change.getByRole('button', { name: 'Schedule' }).click();
  await dialog
    .getByRole('listitem', { name: 'Training is at nine' })
    .getByRole('button', { name: 'Send now' })
    .click();
  const withFiles = dialog.getByRole('listitem', { name: /^Photo: The poster of the meet/ });
  await expect(withFiles).toContainText('goes when its files have arrived, even if that is later');
  await expect(withFiles.getByRole('progressbar', { name: /start list/ })).toBeVisible();
  await withFiles.getByRole('button', { name: 'Change' }).click();
  await expect(change.getByRole('list', { name: 'Attached files' })).toContainText('poster.jpg');
  await expectAccessible(page);
  // It has files, and so needs no words.
  await change.getByRole('button', { name: 'Schedule' }).click();
  await withFiles.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog).toContainText('Nothing is scheduled here.');
  expect((await sent(page, 'send_scheduled')).map(({ message }) => message)).toEqual(['later-2']);
});

test('files are scheduled, in an encrypted conversation with a word on who sends them', async ({
  page,
  open,
}) => {
  await open('encrypted', room(9));
  await page
    .getByTestId('attach')
    .setInputFiles({ name: 'map.txt', mimeType: 'text/plain', buffer: Buffer.from('left at the mill') });
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Send later' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send later' });
  await expect(dialog).toContainText('It is sent by this device.');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Schedule' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('list', { name: 'Attached files' })).toBeHidden();
  const [command] = await sent(page, 'schedule_message');
  expect(command?.attachments?.map(({ name }) => name)).toEqual(['map.txt']);
  await page.getByRole('button', { name: '1 scheduled message' }).click();
  const list = page.getByRole('dialog', { name: 'Scheduled messages' });
  await expect(list).toContainText('They are on no other device of yours.');
  await expect(list.getByRole('listitem', { name: 'File map.txt' })).toBeVisible();
});
