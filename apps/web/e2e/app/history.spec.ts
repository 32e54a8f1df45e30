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

  await test.step('it is all there, is found, and goes on', async () => {
    for (const text of [...said, '· cardamom behind the door']) await expect(tablet.line(text)).toBeVisible();
    await expect(tablet.page.getByText(/from before this device joined/)).toHaveCount(0);
    await tablet.page.reload();
    await expect(tablet.line('· marzipan under the stairs')).toBeVisible();
    await tablet.write('· nutmeg from the tablet');
    await expect(ben.line('· nutmeg from the tablet')).toBeVisible();
  });

  await test.step('the server’s folder has not a word of it', async () => {
    await server.stop();
    for (const word of ['marzipan', 'quinces', 'saffron', 'cardamom', 'nutmeg'])
      expect(server.keeps(word), word).toBe(false);
  });
});
