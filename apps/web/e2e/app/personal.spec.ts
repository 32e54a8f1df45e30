import { expect, test, type Person } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

async function choose(person: Person, title: string, ...items: string[]): Promise<void> {
  await person.toList();
  await person.ask(person.listed(title), person.page.getByRole('menu'));
  for (const item of items) await person.page.getByRole('menuitem', { name: item, exact: true }).click();
  await expect(person.page.getByRole('menu')).toBeHidden();
}

test('what is kept of a conversation on one device is kept on the other, and after a restart', async ({
  server,
  person,
}) => {
  test.setTimeout(180_000);
  const [phone, laptop, ben] = await Promise.all([
    person('Ada', { phone: true }),
    person('Ada'),
    person('Ben'),
  ]);
  await phone.setUp('Harbour');
  await ben.join(await phone.invite(), 'Ada');
  await ben.startChat('Ada');
  await ben.write('· Hello Ada');
  await laptop.open();
  await laptop.signIn();
  await expect(laptop.listed('Ben')).toContainText('· Hello Ada');

  await test.step('read, pinned, muted and marked as unread here is so there', async () => {
    await choose(phone, 'Ben', 'Mark as read');
    await expect(laptop.listed('Ben')).not.toHaveAccessibleName(/unread/);
    await choose(phone, 'Ben', 'Mark as unread');
    await expect(laptop.listed('Ben')).toHaveAccessibleName(/marked as unread/);
    await choose(phone, 'Ben', 'Pin to the top');
    await expect(laptop.listed('Ben')).toHaveAccessibleName(/pinned/);
    await choose(phone, 'Ben', 'Mute', 'For 8 hours');
    await expect(laptop.listed('Ben')).toHaveAccessibleName(/muted until/);
    await choose(laptop, 'Ben', 'Unmute');
    await expect(phone.listed('Ben')).not.toHaveAccessibleName(/muted/);
  });

  await test.step('half a thought goes on elsewhere', async () => {
    await phone.openConversation('Ben');
    await phone.composer.fill('· Half a thought');
    await expect(laptop.listed('Ben')).toContainText('Draft: · Half a thought');
    await laptop.openConversation('Ben');
    await expect(laptop.composer).toHaveValue('· Half a thought');
    await laptop.composer.press('Enter');
    await expect(ben.line('· Half a thought')).toBeVisible();
  });

  await test.step('archived on one device it is gone on the other, until the next message', async () => {
    await choose(phone, 'Ben', 'Archive');
    await expect(phone.listed('Ben')).toBeHidden();
    await expect(laptop.listed('Ben')).toBeHidden();
    await laptop.page.getByRole('radio', { name: 'Archived' }).click();
    await expect(laptop.listed('Ben')).toBeVisible();
    await laptop.close();
    await server.kill();
    await server.start();
    await laptop.open();
    await expect(laptop.page.getByRole('radio', { name: 'All' })).toBeChecked();
    await laptop.page.getByRole('radio', { name: 'Archived' }).click();
    await expect(laptop.listed('Ben')).toHaveAccessibleName(/pinned/);
    await laptop.page.getByRole('radio', { name: 'All' }).click();
    await expect(laptop.listed('Ben')).toBeHidden();
    await ben.write('· Are you there?');
    await expect(laptop.listed('Ben')).toContainText('· Are you there?');
    await expect(phone.listed('Ben')).toContainText('· Are you there?');
  });

  await test.step('notes to oneself are on both devices', async () => {
    await phone.menu('New conversation', 'Notes to self');
    await expect(phone.page.getByText('for yourself alone')).toBeVisible();
    await phone.write('· Milk');
    await expect(laptop.listed('Notes to self')).toContainText('· Milk');
    await laptop.menu('New conversation', 'Notes to self');
    await expect(laptop.line('· Milk')).toBeVisible();
  });

  await test.step('each filter lists what it is named for, on both', async () => {
    const titles = (who: Person) =>
      who.page.getByRole('list', { name: 'Conversations' }).getByRole('listitem').locator('.title');
    const filter = (who: Person, name: string) => who.page.getByRole('radio', { name }).click();
    await laptop.makeGroup('Old boats', 'ben');
    await choose(laptop, 'Old boats', 'Archive');
    await laptop.makeGroup('Rowing', 'ben');
    await laptop.openConversation('Ben');
    await ben.openConversation('Rowing');
    await ben.write('· Oars, anyone?');
    await phone.toList();
    for (const one of [laptop, phone]) {
      await expect(one.listed('Rowing')).toHaveAccessibleName(/1 unread/);
      await expect(one.page.getByRole('radio', { name: 'All' })).toBeChecked();
      // Pinned ones are first; then whatever was last said in.
      await expect(titles(one)).toHaveText(['Ben', 'Rowing', 'Notes to self']);
      for (const [name, shown] of [
        ['Unread', ['Rowing']],
        ['Groups', ['Rowing']],
        ['People', ['Ben', 'Notes to self']],
        ['Archived', ['Old boats']],
        ['All', ['Ben', 'Rowing', 'Notes to self']],
      ] as const) {
        await filter(one, name);
        await expect(titles(one)).toHaveText([...shown]);
      }
    }

    await filter(laptop, 'Unread');
    await phone.openConversation('Rowing');
    await expect(laptop.page.getByText('You have read everything.')).toBeVisible();
    await ben.write('· Nobody?');
    await expect(phone.line('· Nobody?')).toBeVisible();
    await expect(titles(laptop)).toHaveCount(0);
    await laptop.page.getByRole('button', { name: 'Show all' }).click();
    await expect(titles(laptop)).toHaveText(['Ben', 'Rowing', 'Notes to self']);
  });
});
