import { expect, test, type Person } from '../support/app';
import { expectAccessible } from '../support/views';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

/** Takes somebody out of the group that is open. */
async function remove(owner: Person, name: string): Promise<void> {
  const details = await owner.openDetails();
  await details.getByRole('button', { name: `Actions for ${name}` }).click();
  await owner.page.getByRole('menuitem', { name: 'Remove from group' }).click();
  await owner.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
  await expect(owner.line(`You removed ${name}`)).toBeVisible();
  await owner.closeDetails();
}

/** Makes a group with Ben, in which something is said. */
async function makeGroup(owner: Person, title: string, text: string): Promise<void> {
  await owner.makeGroup(title, 'ben');
  await expect(owner.page.getByRole('heading', { name: title, exact: true })).toBeVisible();
  await owner.write(text);
}

const notices = (person: Person) => person.page.getByRole('region', { name: 'Notices' });

test('who is removed from a group is told so, and loses nothing that they wrote', async ({ person }) => {
  test.setTimeout(240_000);
  const [ada, ben, laptop] = await Promise.all([
    person('Ada'),
    person('Ben', { phone: true }),
    person('Ben'),
  ]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await laptop.open();
  await laptop.signIn();

  await test.step('of a group that is not open, by one line', async () => {
    await makeGroup(ada, 'Bees', '· Honey');
    await ben.openConversation('Bees');
    await expect(ben.line('· Honey')).toBeVisible();
    await ben.startChat('Ada');
    await ben.write('· Hello');
    await remove(ada, 'Ben');
    await expect(notices(ben).getByText('You were removed from “Bees”.')).toBeVisible();
    await expect(ben.composer).toBeVisible();
    await ben.toList();
    await expect(ben.listed('Bees')).toBeHidden();
  });

  await test.step('of one that was open it is said in its place, and what waited is given back', async () => {
    await makeGroup(ada, 'Birds', '· A wren');
    await ben.openConversation('Birds');
    await expect(ben.line('· A wren')).toBeVisible();
    await ben.context.setOffline(true);
    // Else it is on its way before the app knows.
    await expect(ben.page.getByText(/You are offline/)).toBeVisible();
    await ben.write('· And a heron');
    await ben.expectState('· And a heron', 'Waiting to send');
    await ben.write('· By the weir');
    await remove(ada, 'Ben');
    await ben.context.setOffline(false);
    await expect(ben.page.getByRole('dialog', { name: 'Not sent' })).toBeVisible();
  });

  await test.step('until they have seen it, and then it goes where they want it', async () => {
    await ben.page.reload();
    const dialog = ben.page.getByRole('dialog', { name: 'Not sent' });
    await expect(dialog).toContainText('You were removed from “Birds”. What you wrote there was not sent.');
    await expect(dialog.getByText('· And a heron\n· By the weir')).toBeVisible();
    await expectAccessible(ben.page);
    await ben.page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await ben.page.reload();
    await dialog.getByRole('button', { name: /^Ada/ }).click();
    await expect(dialog).toBeHidden();
    await expect(ben.composer).toHaveValue('· And a heron\n· By the weir');
    // Once it is a draft there it is kept as that, and given back no more.
    await ben.toList();
    await expect(ben.listed('Ada')).toContainText('Draft: · And a heron');
    await ben.page.reload();
    await expect(dialog).toBeHidden();
    await ben.openConversation('Ada');
    await expect(ben.composer).toHaveValue('· And a heron\n· By the weir');
    await ben.composer.press('Enter');
    await expect(ada.listed('Ben')).toContainText('· And a heron');
    await ben.page.reload();
    await expect(ben.line('· And a heron')).toBeVisible();
    await expect(dialog).toBeHidden();
  });

  await test.step('who leaves by themselves is not told on their other devices', async () => {
    await makeGroup(ada, 'Bats', '· At night');
    await laptop.openConversation('Bats');
    await ben.toList();
    await expect(ben.listed('Bats')).toBeVisible();
    await laptop.openDetails();
    await laptop.page.getByRole('button', { name: 'Leave group' }).click();
    await laptop.page.getByRole('alertdialog').getByRole('button', { name: 'Leave group' }).click();
    await expect(ben.listed('Bats')).toBeHidden();
    await expect(notices(ben)).toBeEmpty();
  });
});
