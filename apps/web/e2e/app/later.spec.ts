import type { Locator } from '@playwright/test';

import { expect, test, type Person } from '../support/app';
import { noise } from '../support/picture';

const MINUTE_MS = 60_000;
/** Nobody is so slow that the minute is over before they have chosen it. */
const ENOUGH_MS = 20_000;

/** Asks when to send what is written and attached, from the button that sends. */
async function askWhen(who: Person): Promise<Locator> {
  const dialog = who.page.getByRole('dialog', { name: 'Send later' });
  await who.ask(who.page.getByRole('button', { name: 'Send', exact: true }), dialog);
  return dialog;
}

/** Schedules it for the next minute, as the field says minutes. */
async function scheduleSoon(who: Person): Promise<void> {
  const dialog = await askWhen(who);
  await dialog.getByRole('radio', { name: 'At a time of your own' }).check();
  const at = Math.ceil((Date.now() + ENOUGH_MS) / MINUTE_MS) * MINUTE_MS;
  const value = await who.page.evaluate((at) => {
    const date = new Date(at);
    const two = (number: number) => String(number).padStart(2, '0');
    const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
    return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
  }, at);
  await dialog.getByLabel('Date and time').fill(value);
  await dialog.getByRole('button', { name: 'Schedule' }).click();
  await expect(dialog).toBeHidden();
}

test('a message is scheduled, seen by its author alone, changed, and sent by the server', async ({
  person,
}) => {
  test.setTimeout(240_000);
  const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('more of it tomorrow');
  await ben.openConversation('Ada');
  await expect(ben.line('more of it tomorrow')).toBeVisible();
  const line = ada.page.getByRole('button', { name: '1 scheduled message' });

  await test.step('from the button that sends', async () => {
    await ada.composer.fill('good morning');
    const dialog = await askWhen(ada);
    await dialog.getByRole('radio', { name: /Tomorrow morning/ }).check();
    await dialog.getByRole('button', { name: 'Schedule' }).click();
    await expect(line).toBeVisible();
    await expect(ada.composer).toHaveValue('');
  });

  await test.step('it is there after a reload, and for nobody else', async () => {
    await ada.page.reload();
    await expect(line).toBeVisible();
    await expect(ben.page.getByText('good morning')).toHaveCount(0);
    await expect(ben.page.getByRole('button', { name: /scheduled message/ })).toHaveCount(0);
  });

  await test.step('changed without a line, it is sent by the server when that is back', async () => {
    await ada.page.context().setOffline(true);
    await line.click();
    const list = ada.page.getByRole('dialog', { name: 'Scheduled messages' });
    await list.getByRole('button', { name: 'Change' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Send later' });
    await dialog.getByRole('textbox', { name: 'Message' }).fill('good evening');
    await dialog.getByRole('button', { name: 'Schedule' }).click();
    await list.getByRole('button', { name: 'Send now' }).click();
    await ada.page.context().setOffline(false);
    await expect(ben.line('good evening')).toBeVisible({ timeout: 60_000 });
    await expect(ben.page.getByText('good morning')).toHaveCount(0);
    await expect(list).toContainText('Nothing is scheduled here.');
    await list.getByRole('button', { name: 'Close' }).click();
    await expect(ada.line('good evening')).toHaveCount(1);
    await expect(line).toBeHidden();
  });
});

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('a picture is scheduled, and arrives at its time though the server was restarted and its author is away', async ({
  server,
  person,
}) => {
  test.setTimeout(300_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· hello');
  await ben.openConversation('Ada');
  await ada.page
    .getByTestId('attach')
    .setInputFiles({ name: 'lake.png', mimeType: 'image/png', buffer: noise(300, 200, {}) });
  await ada.page.getByLabel('Caption of lake.png').fill('The lake at noon');
  await scheduleSoon(ada);
  await ada.page.getByRole('button', { name: '1 scheduled message' }).click();
  const list = ada.page.getByRole('dialog', { name: 'Scheduled messages' });
  const entry = list.getByRole('listitem', { name: 'Photo: The lake at noon' });
  await expect(entry).toContainText('lake.png');

  await test.step('words are added, and it keeps its picture', async () => {
    await entry.getByRole('button', { name: 'Change' }).click();
    const change = ada.page.getByRole('dialog', { name: 'Send later' });
    await change.getByRole('textbox', { name: 'Message' }).fill('· look');
    await change.getByRole('button', { name: 'Schedule' }).click();
    const changed = list.getByRole('listitem', { name: '· look' });
    await expect(changed).toContainText('lake.png');
    await expect(changed).not.toContainText(/goes when its files have arrived|waits for the line/);
    await expect(changed.locator('img.real')).toHaveJSProperty('complete', true);
  });

  await ada.close();
  await server.kill();
  await server.start();
  await expect(ben.line('· look')).toBeVisible({ timeout: 120_000 });
  await expect(ben.page.getByRole('button', { name: 'Open: The lake at noon' })).toBeVisible();
  await expect(ben.line('· look').locator('img.real')).toHaveJSProperty('naturalWidth', 300);
});

test('in an encrypted conversation the device sends it at its time, and the server has nothing of it', async ({
  server,
  person,
}) => {
  test.setTimeout(300_000);
  const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben', { encrypted: true });
  await ada.write('· hello');
  await ben.openConversation('Ada');
  await expect(ben.line('· hello')).toBeVisible();
  await ada.page.getByTestId('attach').setInputFiles({
    name: 'nutmeg-letter.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('saffron under the third stair, '.repeat(2_000)),
  });
  await ada.composer.fill('· quince at dawn');
  await scheduleSoon(ada);
  const line = ada.page.getByRole('button', { name: '1 scheduled message' });
  await expect(line).toBeVisible();
  await ada.page.reload();
  await line.click();
  const list = ada.page.getByRole('dialog', { name: 'Scheduled messages' });
  await expect(list.getByRole('listitem', { name: '· quince at dawn' })).toContainText('nutmeg-letter.txt');
  await list.getByRole('button', { name: 'Close' }).click();
  await expect(ben.line('· quince at dawn')).toBeVisible({ timeout: 120_000 });
  await expect(ben.line('· quince at dawn')).toContainText('nutmeg-letter.txt');
  await expect(line).toBeHidden();
  for (const word of ['quince', 'nutmeg', 'saffron']) expect(server.keeps(word)).toBe(false);
});
