import { expect, expectAccessibleInEveryLook, expectFits, test } from '../support/views';

const CODE = 'EDMQ-GX35-CNQ2-0RKS-EHJQ-683F-DEZR';

test('a device that lacks what was before shows a code for another one', async ({ page, open }) => {
  await open('handover-gap');
  await expect(page.getByText('This device cannot read what was written before it came in.')).toBeVisible();
  await page.getByRole('button', { name: 'Get it' }).click();
  const dialog = page.getByRole('dialog', { name: 'Get your messages' });
  await expect(dialog.getByRole('img', { name: 'The code below as a QR code' })).toBeVisible();
  await expect(dialog.getByRole('img', { name: /^Code: E D M Q, G X 3 5, / })).toBeVisible();
  await expect(dialog.getByRole('status')).toHaveText('Waiting for your other device…');
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await expect(dialog).toBeHidden();
});

test('what is not wanted is not offered again', async ({ page, open }) => {
  await open('handover-gap');
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect(page.getByText('This device cannot read what was written before it came in.')).toHaveCount(0);
});

test('a waiting device is approved by keyboard alone, by its code', async ({ page, open }) => {
  await open('handover-waiting');
  await expect(page.getByText('Firefox on Linux asks for your messages.')).toBeVisible();
  await page.getByRole('button', { name: 'Look' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Hand messages to a new device' });
  const field = dialog.getByRole('textbox', { name: 'Code of the new device' });
  await expect(field).toBeFocused();
  await page.keyboard.type('edmq gx35');
  await page.keyboard.press('Enter');
  await expect(field).toHaveAccessibleDescription(/That is not a whole code/);
  await field.fill(CODE.replace('E', 'F'));
  await page.keyboard.press('Enter');
  await expect(field).toHaveAccessibleDescription(/There is a slip in the code/);
  await expectAccessibleInEveryLook(page);
  await field.fill(CODE.toLowerCase().replaceAll('-', ' '));
  await page.keyboard.press('Enter');
  await expect(
    dialog.getByText(/^Firefox on Linux asks for your messages. It asked \d minutes? ago/),
  ).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Approve' })).toBeFocused();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('progressbar', { name: 'Handing over to Firefox on Linux' })).toHaveAttribute(
    'value',
    '40',
  );
  await expectAccessibleInEveryLook(page);
});

test('a device that is not one’s own is declined, and can be signed out', async ({ page, open }) => {
  await open('handover-waiting');
  await page.getByRole('button', { name: 'Look' }).click();
  await page.getByRole('textbox', { name: 'Code of the new device' }).fill(CODE);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Not mine' }).click();
  await expect(page.getByText(/^Nothing was handed over/)).toBeVisible();
  await expect(page.getByRole('dialog').getByText('Where your account is signed in.')).toBeVisible();
});

for (const [scene, name, text] of [
  ['handover-getting', 'Look', 'Your messages are coming'],
  ['handover-giving', 'Look', 'Handing over to Firefox on Linux'],
] as const)
  test(`how far it is stands above everything, and in full (${scene})`, async ({ page, open }) => {
    await open(scene);
    await page.getByRole('button', { name }).click();
    await expect(page.getByRole('progressbar', { name: text })).toBeVisible();
    await expectAccessibleInEveryLook(page);
    await expectFits(page);
  });

for (const [scene, text] of [
  ['handover-got', '1,234 messages came from your other device.'],
  ['handover-expired', 'Nobody used the code in time'],
] as const)
  test(`how it ended is said (${scene})`, async ({ page, open }) => {
    await open(scene);
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitem', { name: 'Devices' }).click();
    await expect(page.getByRole('heading', { name: 'Encrypted messages' })).toBeVisible();
    await page.getByRole('button', { name: 'Get your messages' }).click();
    await expect(page.getByText(text)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Make a new code' })).toBeVisible();
    await expectAccessibleInEveryLook(page);
  });
