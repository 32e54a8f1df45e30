import { expect, test } from '../support/app';

test('a group is made, grows, is renamed, and is left', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben, cem] = await Promise.all([person('Ada', { phone: true }), person('Ben'), person('Cem')]);
  await ada.setUp('Harbour');
  const link = await ada.invite();
  await ben.join(link, 'Ada');
  await cem.join(link, 'Ada');

  await test.step('made with one, who sees it at once', async () => {
    await ada.makeGroup('Rowing', 'ben');
    await expect(ada.page.getByRole('heading', { name: 'Rowing' })).toBeVisible();
    await ada.write('· Welcome aboard');
    await expect(ben.listed('Rowing')).toContainText('· Welcome aboard');
    await ben.openConversation('Rowing');
    await expect(ben.line('· Welcome aboard')).toBeVisible();
    await ada.expectState('· Welcome aboard', 'Read');
  });

  const details = ada.page.getByRole('complementary', { name: 'Details' });

  await test.step('another one is added, and reads what is written from then on', async () => {
    await ada.openDetails();
    await details.getByRole('button', { name: 'Add people' }).click();
    await ada.page.getByRole('searchbox', { name: 'Search people' }).fill('Cem');
    await ada.page.getByRole('button', { name: /@cem/ }).click();
    await ada.page.getByRole('button', { name: 'Add 1 person' }).click();
    await expect(ben.line('Ada added Cem')).toBeVisible();
    await cem.openConversation('Rowing');
    await cem.write('· Thank you');
    await expect(ben.line('· Thank you')).toBeVisible();
    await expect(ben.status).toHaveText('3 members');
  });

  await test.step('renamed for everybody', async () => {
    await details.getByRole('button', { name: 'Rename group' }).click();
    await details.getByLabel('Group name').fill('Night rowing');
    await details.getByRole('button', { name: 'Save' }).click();
    await expect(ben.page.getByRole('heading', { name: 'Night rowing' })).toBeVisible();
    await expect(cem.listed('Night rowing')).toBeVisible();
    await expect(ben.line('Ada renamed the group to “Night rowing”')).toBeVisible();
  });

  await test.step('one gets a role, one is removed, one leaves; the last owner is told why not', async () => {
    await details.getByRole('button', { name: 'Actions for Ben' }).click();
    await ada.page.getByRole('menuitem', { name: 'Make an admin' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Make an admin' }).click();
    await expect(cem.line('Ada made Ben an admin')).toBeVisible();

    await details.getByRole('button', { name: 'Actions for Cem' }).click();
    await ada.page.getByRole('menuitem', { name: 'Remove from group' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
    await expect(cem.page.getByText('You are no longer in this conversation')).toBeVisible();
    await expect(ben.line('Ada removed Cem')).toBeVisible();

    await details.getByRole('button', { name: 'Leave group' }).click();
    await expect(ada.page.getByRole('dialog')).toContainText('must always have an owner');
    await ada.closeDialog();
    await ada.closeDetails();

    await ben.openDetails();
    await ben.page.getByRole('button', { name: 'Leave group' }).click();
    await ben.page.getByRole('alertdialog').getByRole('button', { name: 'Leave group' }).click();
    await expect(ada.line('Ben left')).toBeVisible();
  });
});
