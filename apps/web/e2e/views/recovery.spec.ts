import type { Page } from '@playwright/test';

import { expect, expectAccessibleInEveryLook, expectFits, test } from '../support/views';

const CODE = 'K7TW-0PXM-9QHD-3FZB-YR84-NC5V-J2GA';
const OF_DEVICE = 'EDMQ-GX35-CNQ2-0RKS-EHJQ-683F-DEZR';

async function openDevices(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Devices' }).click();
}

test('a recovery code is shown once and asked for, and the backup is on', async ({ page, open }) => {
  await open('chats');
  await openDevices(page);
  await expect(page.getByText(/^There is no backup\./)).toBeVisible();
  await page.getByRole('button', { name: 'Make a recovery code' }).click();
  const dialog = page.getByRole('dialog', { name: 'Recovery code' });
  await expect(dialog.getByRole('img', { name: /^Recovery code: K 7 T W, 0 P X M, / })).toBeVisible();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await dialog.getByRole('button', { name: 'I have written it down' }).click();

  const fields = dialog.getByRole('textbox', { name: /^Group \d$/ });
  await expect(fields).toHaveCount(2);
  await expect(fields.first()).toBeFocused();
  await expect(dialog.getByRole('img')).toHaveCount(0);
  await page.keyboard.type('XXXX');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toHaveText(/^That is not what stood there\./);
  await expectAccessibleInEveryLook(page);
  for (const field of await fields.all()) {
    const label =
      (await dialog.locator(`label[for="${await field.getAttribute('id')}"]`).textContent()) ?? '';
    const place = Number(/\d/.exec(label)?.[0]);
    await field.fill(CODE.split('-')[place - 1]?.toLowerCase() ?? '');
  }
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByText('The backup is on. This device keeps it up to date.')).toBeVisible();
});

test('the backup is opened by its code where another device is not at hand', async ({ page, open }) => {
  await open('recovery-locked');
  await page.getByRole('button', { name: 'Get it' }).click();
  await page.getByRole('button', { name: 'Use the recovery code instead' }).click();
  const field = page.getByRole('textbox', { name: 'Recovery code' });
  await expect(field).toBeFocused();
  await page.keyboard.type('k7tw 0pxm');
  await page.keyboard.press('Enter');
  await expect(field).toHaveAccessibleDescription(/That is not a whole code/);
  await field.fill(OF_DEVICE);
  await page.keyboard.press('Enter');
  await expect(field).toHaveAccessibleDescription(/That is the code of a device, not a recovery code\./);
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await field.fill(CODE.toLowerCase().replaceAll('-', ' '));
  await page.keyboard.press('Enter');
  await expect(page.getByText('The code is right. Your messages are on their way.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Get it' })).toHaveCount(0);
});

for (const [scene, text] of [
  ['recovery-locked', 'There is a backup that this device does not add to.'],
  ['recovery-kept', /^Backed up \d minutes ago$/],
  ['recovery-failed', 'It is not backed up: '],
] as const)
  test(`how it stands with the backup is said among the devices (${scene})`, async ({ page, open }) => {
    await open(scene);
    await openDevices(page);
    await expect(page.getByText(text)).toBeVisible();
    await expect(page.getByText('The backup takes 717 kB of your room on the server.')).toBeVisible();
    await expectAccessibleInEveryLook(page);
    await expectFits(page);
  });

test('how far the backup has come is shown', async ({ page, open }) => {
  await open('recovery-restoring');
  await openDevices(page);
  const bar = page.getByRole('progressbar', { name: 'Your messages are coming from the backup' });
  await expect(bar).toHaveAttribute('value', '37');
});

test('turning the backup off is asked about first', async ({ page, open }) => {
  await open('recovery-kept');
  await openDevices(page);
  await page.getByRole('button', { name: 'Turn the backup off' }).click();
  const asked = page.getByRole('alertdialog', { name: 'Turn the backup off?' });
  await expectAccessibleInEveryLook(page);
  await asked.getByRole('button', { name: 'Turn the backup off' }).click();
  await expect(page.getByText('The backup was erased.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Make a recovery code' })).toBeVisible();
});
