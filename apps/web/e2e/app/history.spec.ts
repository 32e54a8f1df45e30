import { expect, test, type Person } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

/** The code that a device shows, as it would be typed. */
async function codeOf(device: Person): Promise<string> {
  const shown = device.page.getByRole('img', { name: /^Code: / });
  return (await shown.getAttribute('aria-label'))?.replace(/^Code: /, '').replaceAll(/[ ,]/g, '') ?? '';
}

test('a new device gets what was there before it by a typed code, also when it stops in the middle', async ({
  server,
  person,
}) => {
  test.setTimeout(120_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  const tablet = await person('Ada');
  await ada.setUp('Harbour');
  const link = await ada.invite();
  await ben.join(link, 'Ada');
  await ada.startChat('Ben', { encrypted: true });
  const said = ['· marzipan under the stairs', '· quinces in the cellar', '· saffron in the loft'];
  for (const text of said) await ada.write(text);
  await ben.openConversation('Ada');
  await expect(ben.line('· saffron in the loft')).toBeVisible();
  await ben.write('· cardamom behind the door');
  await expect(ada.line('· cardamom behind the door')).toBeVisible();

  await test.step('the new device lacks it, and shows a code', async () => {
    await tablet.open();
    await tablet.signIn();
    await tablet.openConversation('Ben');
    await expect(tablet.page.getByText(/from before this device joined/)).toBeVisible();
    await tablet.page.getByRole('button', { name: 'Get it' }).click();
    await expect(tablet.page.getByRole('img', { name: /^Code: / })).toBeVisible();
  });

  await test.step('the other device is told it, and sees whom it approves', async () => {
    await expect(ada.page.getByText(/asks for your messages\.$/)).toBeVisible();
    const code = await codeOf(tablet);
    await ada.page.getByRole('button', { name: 'Look' }).click();
    await ada.page.getByRole('textbox', { name: 'Code of the new device' }).fill(code);
    await ada.page.getByRole('button', { name: 'Continue' }).click();
    await expect(ada.page.getByText(/asks for your messages\. It asked/)).toBeVisible();
    await ada.page.getByRole('button', { name: 'Approve' }).click();
    // In the middle of it, wherever that is.
    await tablet.page.reload();
    await expect(ada.page.getByText(/has got your messages\.$/)).toBeVisible();
    await ada.page.keyboard.press('Escape');
  });

  await test.step('whoever approves it vouches for it', async () => {
    await ada.menu('Account', 'Devices');
    await expect(ada.page.getByText(/^Approved by /)).toBeVisible();
    await ada.page.keyboard.press('Escape');
  });

  await test.step('it is all there, is found, and goes on', async () => {
    for (const text of [...said, '· cardamom behind the door']) await expect(tablet.line(text)).toBeVisible();
    await expect(tablet.page.getByText(/from before this device joined/)).toHaveCount(0);
    await tablet.page.reload();
    await expect(tablet.line('· marzipan under the stairs')).toBeVisible();
    await tablet.write('· nutmeg from the tablet');
    await expect(ben.line('· nutmeg from the tablet')).toBeVisible();
  });

  await test.step('what is begun on one is gone on with on the other', async () => {
    await tablet.toList();
    await ada.composer.fill('· juniper on the tablet');
    await expect(tablet.listed('Ben')).toContainText('Draft: · juniper on the tablet');
    await tablet.openConversation('Ben');
    await expect(tablet.composer).toHaveValue('· juniper on the tablet');
    await tablet.composer.press('Enter');
    await expect(ben.line('· juniper on the tablet')).toBeVisible();
  });

  await test.step('the server’s folder has not a word of it', async () => {
    await server.stop();
    for (const word of ['marzipan', 'quinces', 'saffron', 'cardamom', 'nutmeg', 'juniper'])
      expect(server.keeps(word), word).toBe(false);
  });
});

test('all devices are lost, and the recovery code brings everything back', async ({ server, person }) => {
  test.setTimeout(120_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  const phone = await person('Ada');
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben', { encrypted: true });
  for (const text of ['· marzipan under the stairs', '· quinces in the cellar']) await ada.write(text);
  await ben.openConversation('Ada');
  await expect(ben.line('· quinces in the cellar')).toBeVisible();
  let code = '';

  await test.step('the code is written down and asked for', async () => {
    await ada.menu('Account', 'Devices');
    await ada.page.getByRole('button', { name: 'Make a recovery code' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Recovery code' });
    const shown = dialog.getByRole('img', { name: /^Recovery code: / });
    code =
      (await shown.getAttribute('aria-label'))?.replace(/^Recovery code: /, '').replaceAll(' ', '') ?? '';
    await dialog.getByRole('button', { name: 'I have written it down' }).click();
    for (const number of [1, 2, 3, 4, 5, 6, 7]) {
      const field = dialog.getByRole('textbox', { name: `Group ${number}` });
      if (await field.isVisible()) await field.fill(code.split(',')[number - 1] ?? '');
    }
    await ada.page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
    await ada.menu('Account', 'Devices');
    await expect(ada.page.getByText(/^Backed up /)).toBeVisible();
  });

  await test.step('the device is lost, and the server started anew', async () => {
    await ada.close();
    await server.stop();
    await server.start();
  });

  await test.step('a new one has nothing, and gets it by the code', async () => {
    await phone.open();
    await phone.signIn();
    await phone.openConversation('Ben');
    await phone.page.getByRole('button', { name: 'Get it' }).click();
    await phone.page.getByRole('button', { name: 'Use the recovery code instead' }).click();
    await phone.page.getByRole('textbox', { name: 'Recovery code' }).fill(code.replaceAll(',', ''));
    await phone.page.getByRole('button', { name: 'Bring my messages back' }).click();
    await expect(phone.line('· marzipan under the stairs')).toBeVisible();
    await expect(phone.line('· quinces in the cellar')).toBeVisible();
  });

  await test.step('it is known as one of hers by the code, and goes on', async () => {
    await phone.menu('Account', 'Devices');
    await expect(phone.page.getByText('Approved by your recovery code')).toBeVisible();
    await phone.page.keyboard.press('Escape');
    await phone.write('· nutmeg from the phone');
    await expect(ben.line('· nutmeg from the phone')).toBeVisible();
  });

  await test.step('the server’s folder has not a word of it', async () => {
    await server.stop();
    for (const word of ['marzipan', 'quinces', 'nutmeg']) expect(server.keeps(word), word).toBe(false);
  });
});
