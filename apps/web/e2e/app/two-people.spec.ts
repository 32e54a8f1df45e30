import { expect, test } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('two people chat, lose the line and then the server, and nothing is lost or doubled', async ({
  server,
  person,
}) => {
  test.setTimeout(240_000);
  const ada = await person('Ada');
  const ben = await person('Ben', { phone: true });

  await test.step('the first account by the set-up link, the second by an invite', async () => {
    await ada.setUp('Harbour');
    await expect(ada.page.getByText('It is quiet here')).toBeVisible();
    const link = await ada.invite();
    expect(link).toContain(`${server.address}/join#`);
    await ben.join(link, 'Ada');
  });

  await test.step('the first message arrives live, unread, and is read', async () => {
    await ben.startChat('Ada');
    await ben.write('· Hello Ada');
    await expect(ada.listed('Ben')).toContainText('· Hello Ada');
    await expect(ada.listed('Ben')).toContainText('1 unread message');
    await ben.expectState('· Hello Ada', 'Delivered');
    await ada.openConversation('Ben');
    await expect(ada.line('· Hello Ada')).toBeVisible();
    await ben.expectState('· Hello Ada', 'Read');
    await expect(ada.listed('Ben')).not.toContainText('unread');
  });

  await test.step('each sees that the other is there, and types', async () => {
    await expect(ada.status).toHaveText('Online');
    await expect(ben.status).toHaveText('Online');
    await ada.composer.pressSequentially('· Hel');
    await expect(ben.status).toHaveText('Ada is typing…');
    await ada.composer.fill('');
    await expect(ben.status).toHaveText('Online');
    await ada.write('· Hello Ben');
    await expect(ben.line('· Hello Ben')).toBeVisible();
    await ada.expectState('· Hello Ben', 'Read');
  });

  await test.step('to somebody who is not there it is sent, not delivered; then it is', async () => {
    await ben.close();
    await expect(ada.status).not.toHaveText('Online');
    await ada.write('· Are you there?');
    await ada.expectState('· Are you there?', 'Sent');
    await ben.open();
    await expect(ben.listed('Ada')).toContainText('1 unread message');
    await ada.expectState('· Are you there?', 'Delivered');
    await ben.openConversation('Ada');
    await ada.expectState('· Are you there?', 'Read');
  });

  await test.step('one writes without a line; both have everything when it is back', async () => {
    await ben.context.setOffline(true);
    await expect(ben.page.getByText(/You are offline/)).toBeVisible();
    await ben.write('· Form the tunnel');
    await ben.expectState('· Form the tunnel', 'Waiting to send');
    // What has not left can still be put right, and nobody hears of it.
    await ben.line('· Form the tunnel').locator('.text').click({ button: 'right' });
    await ben.page.getByRole('menuitem', { name: 'Edit' }).click();
    await ben.composer.fill('· From the tunnel');
    await ben.composer.press('Enter');
    await ben.expectState('· From the tunnel', 'Waiting to send');
    await ada.write('· Where are you?');
    await ada.expectState('· Where are you?', 'Sent');
    await ben.context.setOffline(false);
    await ben.expectState('· From the tunnel', 'Read');
    await expect(ben.line('· Where are you?')).toBeVisible();
    await ada.expectState('· Where are you?', 'Read');
    await expect(ada.line('· From the tunnel')).not.toContainText('edited');
  });

  const all = ['· Hello Ada', '· Hello Ben', '· Are you there?', '· Where are you?', '· From the tunnel'];

  await test.step('the server is killed while one writes; what waits goes out once', async () => {
    await server.kill();
    await expect(ben.page.getByText(/No connection/)).toBeVisible();
    await ben.write('· The server is gone');
    await ben.expectState('· The server is gone', 'Waiting to send');
    await ben.close();
    await ben.open();
    await ben.openConversation('Ada');
    await ben.expectState('· The server is gone', 'Waiting to send');
    await server.start();
    await ben.expectState('· The server is gone', 'Read');
    await ada.write('· And it is back');
    await ada.expectState('· And it is back', 'Read');
    all.push('· The server is gone', '· And it is back');
    for (const someone of [ada, ben]) await expect.poll(() => someone.texts()).toEqual(all);
  });

  await test.step('both close their browsers and are where they were', async () => {
    await ben.composer.fill('· half a thought');
    await ben.toList();
    await expect(ben.listed('Ada')).toContainText('half a thought');
    await ada.close();
    await ben.close();
    await server.kill();
    await server.start();
    await ada.open();
    await expect(ada.listed('Ben')).not.toContainText('unread');
    await ada.openConversation('Ben');
    await ben.open();
    await expect(ben.listed('Ada')).toContainText('half a thought');
    await ben.openConversation('Ada');
    await expect(ben.composer).toHaveValue('· half a thought');
    for (const someone of [ada, ben]) await expect.poll(() => someone.texts()).toEqual(all);
  });
});
