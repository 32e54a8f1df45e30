import { expect, test } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('what is deleted for oneself goes from all of one’s devices and stays with the other', async ({
  person,
}) => {
  test.setTimeout(180_000);
  const [ada, laptop, ben] = await Promise.all([
    person('Ada', { phone: true }),
    person('Ada'),
    person('Ben'),
  ]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ben.startChat('Ada');
  await ben.write('· Keep this');
  await ben.write('· Forget this');
  await ben.write('· And this');
  await ada.openConversation('Ben');
  await expect(ada.line('· And this')).toBeVisible();

  await test.step('two messages are chosen and go here, and from the list', async () => {
    await ada.choose(ada.line('· Forget this'), 'Select');
    await ada.line('· And this').click();
    const bar = ada.page.getByRole('toolbar', { name: 'Selected messages' });
    await expect(bar).toContainText('2 selected');
    await bar.getByRole('button', { name: 'Delete' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete for me' }).click();
    await expect(ada.line('· Forget this')).toBeHidden();
    await expect(ada.line('· And this')).toBeHidden();
    await ada.toList();
    await expect(ada.listed('Ben')).toContainText('· Keep this');
    await expect(ben.line('· Forget this')).toBeVisible();
    await expect(ben.line('· And this')).toBeVisible();
  });

  await test.step('a new device does not bring it back, nor does a reload', async () => {
    await laptop.open();
    await laptop.signIn();
    await laptop.openConversation('Ben');
    await expect(laptop.line('· Keep this')).toBeVisible();
    await expect(laptop.listed('Ben')).toContainText('· Keep this');
    await expect(laptop.line('· Forget this')).toBeHidden();
    await ada.page.reload();
    await ada.openConversation('Ben');
    await expect(ada.line('· Keep this')).toBeVisible();
    await expect(ada.line('· Forget this')).toBeHidden();
  });
});

test('messages disappear after the time that a conversation is set to, offline too', async ({ person }) => {
  test.setTimeout(300_000);
  const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ben.startChat('Ada');
  await ben.write('· This stays');
  await ada.openConversation('Ben');

  await test.step('either of the two sets the timer, and both are told', async () => {
    const details = await ada.openDetails();
    await details.getByRole('button', { name: 'Disappearing messages: off' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Disappearing messages' });
    await dialog.getByRole('radio', { name: 'Another time' }).check();
    await dialog.getByLabel('How many').fill('60');
    await dialog.getByLabel('Unit').selectOption('second');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
    await ada.closeDetails();
    const notice = 'Ada set messages to disappear after 1 minute';
    await expect(ben.page.getByText(notice)).toBeVisible();
    await expect(ben.page.getByRole('img', { name: 'Messages disappear after 1 minute' })).toBeVisible();
  });

  await test.step('what is said then goes by itself, also from a device without a line', async () => {
    await ben.write('· This goes');
    await expect(ada.line('· This goes')).toBeVisible();
    await ada.context.setOffline(true);
    for (const someone of [ada, ben]) {
      await expect(someone.line('· This goes')).toBeHidden({ timeout: 120_000 });
      await expect(someone.line('· This stays')).toBeVisible();
      await someone.toList();
      await expect(someone.listed(someone === ada ? 'Ben' : 'Ada')).toContainText('· This stays');
    }
    await ada.context.setOffline(false);
  });
});
