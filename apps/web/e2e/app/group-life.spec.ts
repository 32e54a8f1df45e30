import { expect, test } from '../support/app';

test('a group has a topic, a link that asks, announcements, bans and another owner', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben, cem] = await Promise.all([person('Ada'), person('Ben'), person('Cem', { phone: true })]);
  await ada.setUp('Harbour');
  const invite = await ada.invite();
  await ben.join(invite, 'Ada');
  await cem.join(invite, 'Ada');
  await ada.makeGroup('Rowing', 'ben');
  await ada.write('· Before you came');
  await ben.openConversation('Rowing');
  const details = await ada.openDetails();

  await test.step('the topic and what newcomers read are for everybody', async () => {
    await details.getByRole('button', { name: 'Group settings' }).click();
    await ada.page.getByLabel('Topic').fill('Oars and tides');
    await ada.page.getByLabel('People who join from now on read').selectOption('all');
    await ada.page.getByRole('button', { name: 'Save' }).click();
    await expect(ben.status).toHaveText('2 members · Oars and tides');
  });

  await test.step('somebody asks by the link, is let in, and reads everything', async () => {
    await details.getByRole('button', { name: 'Invite by link' }).click();
    await ada.page.getByLabel('An admin lets each of them in').check();
    await ada.page.getByRole('button', { name: 'Create link' }).click();
    const link = await ada.page.getByLabel('Invite link').inputValue();
    await ada.page.keyboard.press('Escape');
    await cem.close();
    await cem.open(link);
    await expect(cem.page.getByRole('heading', { name: 'Rowing' })).toBeVisible();
    await cem.page.getByRole('button', { name: 'Ask to join' }).click();
    await expect(cem.page.getByText('You have asked to join')).toBeVisible();
    await cem.page.getByRole('button', { name: 'Back to your conversations' }).click();
    await details.getByRole('button', { name: 'Let Cem in', exact: true }).click();
    await cem.openConversation('Rowing');
    await expect(cem.line('· Before you came')).toBeVisible();
  });

  await test.step('in announcement mode only admins have a field', async () => {
    await details.getByRole('button', { name: 'Group settings' }).click();
    await ada.page.getByLabel('Only admins write').check();
    await ada.page.getByRole('button', { name: 'Save' }).click();
    await expect(cem.page.getByText('Only admins write here.')).toBeVisible();
    await expect(cem.composer).toHaveCount(0);
    await ada.write('· Hear ye');
    await expect(cem.line('· Hear ye')).toBeVisible();
  });

  await test.step('who is banned does not come back by the link, until the ban is lifted', async () => {
    await details.getByRole('button', { name: 'Invite by link' }).click();
    await ada.page.getByRole('button', { name: 'Create link' }).click();
    const link = await ada.page.getByLabel('Invite link').inputValue();
    await ada.page.keyboard.press('Escape');
    await details.getByRole('button', { name: 'Actions for Cem' }).click();
    await ada.page.getByRole('menuitem', { name: 'Ban from group' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Ban from group' }).click();
    await expect(cem.page.getByText('You are no longer in this conversation')).toBeVisible();
    await cem.close();
    await cem.open(link);
    await cem.page.getByRole('button', { name: 'Join group' }).click();
    await expect(cem.page.getByText('You were banned from it.')).toBeVisible();

    await details.getByRole('button', { name: 'Banned people' }).click();
    await ada.page.getByRole('button', { name: 'Lift the ban of Cem' }).click();
    await expect(ada.page.getByText('Cem may come back.')).toBeVisible();
    await ada.closeDialog();
    await cem.close();
    await cem.open(link);
    await cem.page.getByRole('button', { name: 'Join group' }).click();
    await expect(cem.line('· Hear ye')).toBeVisible();
  });

  await test.step('the owner hands over and leaves', async () => {
    await details.getByRole('button', { name: 'Leave group' }).click();
    await ada.page.getByRole('button', { name: 'Make Ben an owner' }).click();
    await expect(ben.line('Ada made Ben an owner')).toBeVisible();
    await details.getByRole('button', { name: 'Leave group' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Leave group' }).click();
    await expect(ben.line('Ada left')).toBeVisible();
  });
});
