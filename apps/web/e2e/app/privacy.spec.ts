import { expect, test, type Person } from '../support/app';

const settings = (who: Person) => who.page.getByRole('dialog', { name: 'Privacy' });

async function openPrivacy(who: Person): Promise<void> {
  await who.menu('Account', 'All settings');
  await who.page
    .getByRole('navigation', { name: 'Settings' })
    .getByRole('button', { name: 'Privacy', exact: true })
    .click();
  await expect(settings(who).getByLabel('What you have read')).toBeVisible();
}

test('what one does not show is shown neither way, and nobody is added who does not want it', async ({
  person,
}) => {
  test.setTimeout(240_000);
  const [ada, ben, cem] = await Promise.all([person('Ada'), person('Ben', { phone: true }), person('Cem')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await cem.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· Low tide at nine');
  await ben.openConversation('Ada');
  await ada.expectState('· Low tide at nine', 'Read');
  await expect(ada.status).toHaveText('Online');

  await test.step('without receipts both see what has arrived, and no more', async () => {
    await openPrivacy(ben);
    await settings(ben).getByLabel('What you have read').uncheck();
    await settings(ben).getByLabel('That you are here').uncheck();
    await expect(ada.status).toHaveText('Offline');
    await ben.closeDialog();
    await ben.openConversation('Ada');
    await ada.write('· Bring the oars');
    await expect(ben.line('· Bring the oars')).toBeVisible();
    await ben.write('· I will');
    await expect(ada.line('· I will')).toBeVisible();
    await ben.expectState('· I will', 'Delivered');
    await ada.write('· Thanks');
    await ada.expectState('· Thanks', 'Delivered');
    // What Ben wrote came after he had read this; it still says so nowhere.
    await expect(ada.line('· Bring the oars')).toHaveAccessibleName(/, Delivered$/);
    await expect(ben.line('· I will')).toHaveAccessibleName(/, Delivered$/);
    await ada.page.reload();
    await expect(ada.line('· Bring the oars')).toHaveAccessibleName(/, Delivered$/);
    await expect(ada.status).toHaveText('Offline');
  });

  await test.step('turned on again, both see it again', async () => {
    await openPrivacy(ben);
    await expect(settings(ben).getByLabel('What you have read')).not.toBeChecked();
    await settings(ben).getByLabel('What you have read').check();
    await settings(ben).getByLabel('That you are here').check();
    await expect(ada.status).toHaveText('Online');
    await ben.closeDialog();
    await ben.openConversation('Ada');
    await ada.write('· See you there');
    await ada.expectState('· See you there', 'Read');
    await ben.write('· Yes');
    await ben.expectState('· Yes', 'Read');
  });

  await test.step('who does not want to be added is not, and it is said why', async () => {
    await openPrivacy(ben);
    await settings(ben).getByLabel('Add me to groups').selectOption('Nobody');
    await settings(ben).getByLabel('Find me').selectOption('Nobody');
    await ben.closeDialog();
    await ada.menu('New conversation', 'New group');
    await ada.page.getByLabel('Group name').fill('Rowing');
    const search = ada.page.getByRole('searchbox', { name: 'Add people' });
    await search.fill('be');
    await expect(ada.page.getByText('Nobody found for “be”.')).toBeVisible();
    await expect(ada.page.getByRole('button', { name: /@ben/ })).toHaveCount(0);
    await search.fill('ben');
    await ada.page.getByRole('button', { name: /@ben/ }).click();
    await ada.page.getByRole('button', { name: 'Create group' }).click();
    await expect(
      ada.page.getByText('They have chosen who may write to them or add them to groups.', { exact: false }),
    ).toBeVisible();
    await expect(ada.listed('Rowing')).toHaveCount(0);
    await ada.closeDialog();
  });

  await test.step('who is blocked is listed, and let go', async () => {
    await cem.startChat('Ben');
    await cem.write('· Do you row?');
    await ben.page.getByRole('button', { name: /Message requests/ }).click();
    await ben.listed('Cem').click();
    await ben.page.getByRole('button', { name: 'Delete and block Cem' }).click();
    await expect(ben.page.getByText('Cem is blocked.', { exact: false })).toBeVisible();
    const unblock = settings(ben).getByRole('button', { name: 'Unblock Cem' });
    // The answer is kept on the device first: the list has Cem once the server has heard it.
    await expect(async () => {
      await openPrivacy(ben);
      const none = settings(ben).getByText('You have not blocked anybody.');
      await expect(unblock.or(none)).toBeVisible();
      if (await none.isVisible()) await ben.closeDialog();
      await expect(unblock).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await unblock.click();
    await expect(settings(ben).getByText('You have not blocked anybody.')).toBeVisible();
    await ben.closeDialog();
    await cem.write('· And now?');
    await cem.expectState('· And now?', 'Delivered');
    // The list still showed requests.
    await ben.page.reload();
    await expect(ben.listed('Cem')).toContainText('And now?');
  });

  await test.step('who is blocked in the middle of a conversation says nothing there any more', async () => {
    await expect(ada.status).toHaveText('Online');
    await ben.openConversation('Ada');
    const details = await ben.openDetails();
    const asked = ben.page.getByRole('alertdialog', { name: 'Block Ada?' });
    await details.getByRole('button', { name: 'Block Ada' }).click();
    await expect(asked).toContainText('They are not told.');
    // Going back on a phone is an answer, too: nothing is done, and the details are still there.
    await ben.page.goBack();
    await expect(asked).toBeHidden();
    await details.getByRole('button', { name: 'Block Ada' }).click();
    await asked.getByRole('button', { name: 'Block', exact: true }).click();
    await expect(ben.page.getByText('Ada is blocked.', { exact: false })).toBeVisible();
    await expect(ben.listed('Cem')).toBeVisible();
    await expect(ben.listed('Ada')).toHaveCount(0);

    await expect(ada.status).toHaveText('Offline');
    await ada.write('· Are you cross?');
    await expect(ada.line('· Are you cross?')).toContainText('Not sent. One of you has blocked the other.');
  });

  await test.step('what was said is kept, and going on is as easy as lifting it', async () => {
    await ben.page.getByRole('radio', { name: 'Archived' }).click();
    await expect(ben.listed('Ada')).toContainText('Blocked');
    await ben.listed('Ada').click();
    await expect(ben.line('· See you there')).toBeVisible();
    const bar = ben.page.getByRole('region', { name: 'You have blocked Ada' });
    await expect(bar).toBeVisible();
    await expect(ben.composer).toHaveCount(0);
    await expect(ben.page.getByText('· Are you cross?')).toHaveCount(0);
    await bar.getByRole('button', { name: 'Unblock' }).click();
    await ben.write('· Not any more');
    await expect(ada.line('· Not any more')).toBeVisible();
    await ada.line('· Are you cross?').getByRole('button', { name: 'Try again' }).click();
    await expect(ben.line('· Are you cross?')).toHaveCount(1);
    await ada.expectState('· Are you cross?', 'Read');
    // Each sees the other again.
    await expect(ben.status).toHaveText('Online');
    await expect(ada.status).toHaveText('Online');
    await ada.page.reload();
    await expect(ada.line('· Are you cross?')).toHaveCount(1);
  });
});
