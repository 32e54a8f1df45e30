import { expect, test, type Person } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

async function choose(person: Person, text: string, action: string): Promise<void> {
  await person.line(text).locator('.text').first().click({ button: 'right' });
  await person.page
    .getByRole('menu', { name: 'Actions for this message' })
    .getByRole('menuitem', { name: action, exact: true })
    .click();
}

test('three people, one with two devices, in an encrypted group: the server has not a word of it', async ({
  server,
  person,
}) => {
  test.setTimeout(300_000);
  const [ada, ben, cem] = await Promise.all([person('Ada'), person('Ben'), person('Cem')]);
  const tablet = await person('Ada');
  await ada.setUp('Harbour');
  const link = await ada.invite();
  await ben.join(link, 'Ada');
  await cem.join(link, 'Ada');

  await test.step('one makes it, and says what the others read', async () => {
    await ada.menu('New conversation', 'New group');
    await ada.page.getByLabel('Group name').fill('Den');
    await ada.encrypt();
    for (const name of ['Ben', 'Cem']) {
      await ada.page.getByRole('searchbox', { name: 'Add people' }).fill(name);
      await ada.page.getByRole('button', { name: new RegExp(`@${name.toLowerCase()}`) }).click();
    }
    await ada.page.getByRole('button', { name: 'Create group' }).click();
    await expect(ada.page.getByRole('heading', { name: 'Den' })).toBeVisible();
    await ada.write('· marzipan under the stairs');
    for (const someone of [ben, cem]) {
      await someone.openConversation('Den');
      await expect(someone.line('· marzipan under the stairs')).toBeVisible();
      await expect(
        someone.page.getByRole('region', { name: 'Den' }).getByRole('img', { name: 'end-to-end encrypted' }),
      ).toBeVisible();
    }
    await ada.expectState('· marzipan under the stairs', 'Read');
  });

  await test.step('answers, edits and reactions come to all', async () => {
    await choose(ben, '· marzipan under the stairs', 'Reply');
    await ben.write('· quinces in the cellar');
    await expect(cem.line('· quinces in the cellar')).toContainText('marzipan under the stairs');
    await choose(ben, '· quinces in the cellar', 'Edit');
    await ben.composer.fill('· quinces in the attic');
    await ben.composer.press('Enter');
    await cem.line('· marzipan under the stairs').locator('.text').first().click({ button: 'right' });
    await cem.page.getByRole('menuitemcheckbox', { name: '👍' }).click();
    for (const someone of [ada, ben, cem]) {
      await expect(someone.line('· quinces in the attic')).toContainText('edited');
      await expect(
        someone.line('· marzipan under the stairs').getByRole('button', { name: /^👍, 1 person/ }),
      ).toBeVisible();
    }
  });

  await test.step('the devices say who reacted, and what was said before an edit', async () => {
    await choose(ada, '· marzipan under the stairs', 'Who reacted');
    await expect(ada.page.getByRole('dialog').getByText('Cem', { exact: true })).toBeVisible();
    await ada.page.keyboard.press('Escape');
    await cem
      .line('· quinces in the attic')
      .getByRole('button', { name: /^edited/i })
      .click();
    await expect(cem.page.getByRole('dialog').getByText('· quinces in the cellar')).toBeVisible();
    await cem.page.keyboard.press('Escape');
  });

  await test.step('a poll is voted in, and the devices count', async () => {
    await ada.page.getByRole('button', { name: 'Add', exact: true }).click();
    await ada.page.getByRole('menuitem', { name: 'Poll' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'New poll' });
    await dialog.getByLabel('Question').fill('· turmeric or sumac?');
    await dialog.getByLabel('Option 1', { exact: true }).fill('turmeric');
    await dialog.getByLabel('Option 2', { exact: true }).fill('sumac');
    await dialog.getByRole('button', { name: 'Ask' }).click();
    for (const someone of [ben, cem])
      await someone
        .line('· turmeric or sumac?')
        .getByRole('radio', { name: /^sumac/ })
        .click();
    for (const someone of [ada, ben, cem])
      await expect(
        someone.line('· turmeric or sumac?').getByRole('radio', { name: 'sumac, 2 votes, 100 %' }),
      ).toBeVisible();
    await ben.line('· turmeric or sumac?').getByRole('button', { name: 'Who voted' }).click();
    await expect(
      ben.page.getByRole('dialog').getByRole('region', { name: 'sumac' }).getByRole('listitem'),
    ).toHaveCount(2);
    await ben.page.keyboard.press('Escape');
  });

  await test.step('another device of one comes in, and reads what is written from then on', async () => {
    await tablet.open();
    await tablet.signIn();
    await tablet.openConversation('Den');
    await expect(tablet.page.getByText(/from before this device joined/)).toBeVisible();
    await cem.write('· saffron for the tablet');
    for (const someone of [ada, ben, tablet])
      await expect(someone.line('· saffron for the tablet')).toBeVisible();
    await expect(tablet.page.getByText('marzipan')).toHaveCount(0);
    await tablet.write('· cardamom from the tablet');
    for (const someone of [ada, ben, cem])
      await expect(someone.line('· cardamom from the tablet')).toBeVisible();
  });

  await test.step('it is all there after a reload, and goes on after the server was started again', async () => {
    await ben.page.reload();
    await expect(ben.line('· quinces in the attic')).toContainText('edited');
    await expect(ben.line('· cardamom from the tablet')).toBeVisible();
    await server.kill();
    await ben.write('· nutmeg in the dark');
    await ben.expectState('· nutmeg in the dark', 'Waiting to send');
    await server.start();
    for (const someone of [ada, cem, tablet])
      await expect(someone.line('· nutmeg in the dark')).toBeVisible();
  });

  await test.step('the server’s folder has what was written openly, and nothing of this', async () => {
    await ada.startChat('Ben');
    await ada.write('· openly written pepper');
    await ada.expectState('· openly written pepper', 'Delivered');
    await server.stop();
    expect(server.keeps('openly written pepper')).toBe(true);
    for (const word of ['marzipan', 'quinces', 'turmeric', 'sumac', 'saffron', 'cardamom', 'nutmeg'])
      expect(server.keeps(word), word).toBe(false);
  });
});
