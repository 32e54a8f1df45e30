import type { Locator } from '@playwright/test';

import { expect, test } from '../support/app';
import { png } from '../support/picture';

const lake = { name: 'lake.png', mimeType: 'image/png', buffer: png(640, 480, [70, 120, 160]) };

/** A picture that came sealed with what is said of the group. */
async function expectPicture(within: Locator): Promise<void> {
  const picture = within.locator('img[src^="data:image/jpeg"]');
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(192);
}

test('what an encrypted group is called and how it looks, its members know, and nobody else', async ({
  server,
  person,
}) => {
  test.setTimeout(240_000);
  const [ada, ben, cem] = await Promise.all([person('Ada'), person('Ben'), person('Cem')]);
  await ada.setUp('Harbour');
  const link = await ada.invite();
  await ben.join(link, 'Ada');
  await cem.join(link, 'Ada');
  const details = ada.page.getByRole('complementary', { name: 'Details' });

  await test.step('it has a name from the moment it is made', async () => {
    await ada.menu('New conversation', 'New group');
    await ada.page.getByLabel('Group name').fill('Gingerbread lodge');
    await ada.encrypt();
    await ada.page.getByRole('searchbox', { name: 'Add people' }).fill('Ben');
    await ada.page.getByRole('button', { name: /@ben/ }).click();
    await ada.page.getByRole('button', { name: 'Create group' }).click();
    await expect(ada.page.getByRole('heading', { name: 'Gingerbread lodge' })).toBeVisible();
    await ben.openConversation('Gingerbread lodge');
    await expect(ben.line('Ada renamed the group to “Gingerbread lodge”')).toBeVisible();
  });

  await test.step('it gets a picture without a line, and another name', async () => {
    await ada.page.getByRole('button', { name: 'Details' }).click();
    await ada.page.context().setOffline(true);
    await details.getByRole('button', { name: 'Group picture' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Group picture' });
    await dialog.getByTestId('picture').setInputFiles(lake);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectPicture(ada.listed('Gingerbread lodge'));
    await details.getByRole('button', { name: 'Rename group' }).click();
    await details.getByLabel('Group name').fill('Lebkuchen lodge');
    await details.getByRole('button', { name: 'Save' }).click();
    await expect(ada.listed('Lebkuchen lodge')).toBeVisible();
    await ada.page.context().setOffline(false);
    await expectPicture(ben.listed('Lebkuchen lodge'));
    await expect(ben.page.getByRole('heading', { name: 'Lebkuchen lodge' })).toBeVisible();
  });

  await test.step('who comes later knows it, and is shown what was said before, where the group shows its past', async () => {
    await ben.write('· the secret is cardamom');
    await expect(ada.line('· the secret is cardamom')).toBeVisible();
    await details.getByRole('button', { name: 'Group settings' }).click();
    await ada.page
      .getByLabel('People who join from now on read')
      .selectOption('everything, from the beginning');
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await expect(ben.line('Ada shows people who join everything that was written')).toBeVisible();
    await details.getByRole('button', { name: 'Add people' }).click();
    await expect(
      ada.page.getByText('They will be able to read everything that was written before.'),
    ).toBeVisible();
    await ada.page.getByRole('searchbox', { name: 'Search people' }).fill('Cem');
    await ada.page.getByRole('button', { name: /@cem/ }).click();
    await ada.page.getByRole('dialog').getByRole('button', { name: /^Add/ }).click();
    await expectPicture(cem.listed('Lebkuchen lodge'));
    await cem.openConversation('Lebkuchen lodge');
    await expect(cem.page.getByRole('heading', { name: 'Lebkuchen lodge' })).toBeVisible();
    // It goes through the server in several steps.
    await expect(cem.line('· the secret is cardamom')).toBeVisible({ timeout: 30_000 });
    await expect(cem.line('Ada showed you what was said before')).toBeVisible();
    await expect(ben.line('Ada showed Cem what was said before')).toBeVisible();
  });

  await test.step('a reaction is nothing unread', async () => {
    await ada.write('· who brings the icing?');
    await expect(ben.line('· who brings the icing?')).toBeVisible();
    await ada.expectState('· who brings the icing?', 'Read');
    await ben.startChat('Ada');
    await cem.line('· who brings the icing?').locator('.text').first().click({ button: 'right' });
    await cem.page.getByRole('menuitemcheckbox', { name: '👍' }).click();
    await expect(
      ada.line('· who brings the icing?').getByRole('button', { name: /^👍, 1 person/ }),
    ).toBeVisible();
    await expect(ben.listed('Lebkuchen lodge')).not.toContainText('unread');
  });

  await test.step('it is still there after a reload, and the server has none of it', async () => {
    await ben.page.reload();
    await expectPicture(ben.listed('Lebkuchen lodge'));
    await server.stop();
    for (const word of ['Gingerbread', 'Lebkuchen', 'icing', 'cardamom'])
      expect(server.keeps(word), word).toBe(false);
  });
});
