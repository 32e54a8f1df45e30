import type { Locator } from '@playwright/test';

import { expect, test, type Person } from '../support/app';
import { png } from '../support/picture';

const lake = { name: 'lake.png', mimeType: 'image/png', buffer: png(640, 480, [70, 120, 160]) };

/** A picture that has come from the server, not one that this page has made. */
async function expectPicture(within: Locator): Promise<string> {
  const real = within.locator('img');
  await expect(real).toHaveAttribute('src', /\/thumb\/320\?t=/);
  await expect.poll(() => real.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  return real.evaluate((image: HTMLImageElement) => image.src);
}

const fetched = (person: Person, address: string): Promise<number> =>
  person.page.evaluate(async (url) => (await fetch(url, { cache: 'no-store' })).status, address);

async function choosePicture(dialog: Locator): Promise<void> {
  await dialog.getByTestId('picture').setInputFiles(lake);
  await expect(dialog.getByRole('img', { name: 'The part that will be seen' })).toBeVisible();
  await dialog.getByRole('slider', { name: 'Zoom' }).press('ArrowRight');
  await dialog.getByRole('slider', { name: 'Left and right' }).press('ArrowRight');
}

test('groups and people have pictures, which are seen by whom they are for', async ({ person }) => {
  test.setTimeout(240_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.makeGroup('Rowing');
  await ada.openDetails();
  const groupDialog = ada.page.getByRole('dialog', { name: 'Group picture' });
  let groupPicture = '';

  await test.step('a group gets one without a line, and it is sent when there is one', async () => {
    await ada.page.context().setOffline(true);
    await ada.page.getByRole('button', { name: 'Group picture' }).click();
    await choosePicture(groupDialog);
    await groupDialog.getByRole('button', { name: 'Save' }).click();
    await expect(groupDialog).toBeHidden();
    await expect(ada.listed('Rowing').locator('img')).toHaveAttribute('src', /^blob:/);
    await ada.page.context().setOffline(false);
    await expect(ada.line('You changed the picture of the group')).toBeVisible();
  });

  await test.step('who comes later sees it too', async () => {
    await ada.page.getByRole('button', { name: 'Add people' }).click();
    await ada.page.getByRole('searchbox', { name: 'Search people' }).fill('Ben');
    await ada.page.getByRole('button', { name: /@ben/ }).click();
    await ada.page.getByRole('dialog').getByRole('button', { name: /^Add/ }).click();
    groupPicture = await expectPicture(ben.listed('Rowing'));
    expect(await fetched(ben, groupPicture)).toBe(200);
  });

  let own = '';
  await test.step('a person gets one, with a status and a line about themselves', async () => {
    await ben.openConversation('Rowing');
    await ada.menu('Account', 'Profile');
    const dialog = ada.page.getByRole('dialog', { name: 'Profile' });
    await choosePicture(dialog);
    await dialog.getByLabel('Your name').fill('Ada Lovelace');
    await dialog.getByLabel('About you').fill('Engines, analytical');
    await dialog.getByLabel('What is happening?').fill('at the weir');
    await dialog.getByLabel('Clear it').selectOption({ label: 'after 1 hour' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
    await expect(ada.page.getByRole('button', { name: 'Account of Ada Lovelace' })).toBeVisible();

    await ada.composer.fill('hello');
    await ada.composer.press('Enter');
    own = await expectPicture(ben.line('hello'));
    await expect(ben.line('hello')).toContainText('Ada Lovelace');
    const details = await ben.openDetails();
    const member = details.getByRole('listitem').filter({ hasText: '@ada' });
    await expectPicture(member);
    await expect(member.getByRole('img', { name: 'Status: 💬 at the weir' })).toBeVisible();
  });

  await test.step('it is shown in a conversation of two, and changes for whoever looks', async () => {
    await ben.closeDetails();
    await ben.startChat('Ada Lovelace');
    await expect(ben.page.getByTestId('status')).toContainText('💬 at the weir');
    await ada.menu('Account', 'Profile');
    const dialog = ada.page.getByRole('dialog', { name: 'Profile' });
    await dialog.getByRole('button', { name: 'Clear status' }).click();
    await dialog.getByRole('button', { name: 'Remove the picture' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
    await expect(ben.page.getByTestId('status')).not.toContainText('at the weir');
    await expect(ben.page.getByRole('banner').locator('img')).toHaveCount(0);
    expect(await fetched(ben, own)).toBe(404);
  });

  await test.step('who is removed from a group cannot fetch its picture', async () => {
    await ada.page.getByRole('complementary').getByRole('button', { name: 'Actions for Ben' }).click();
    await ada.page.getByRole('menuitem', { name: 'Remove from group' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
    await expect(ben.page.getByText('Rowing')).toHaveCount(0);
    expect(await fetched(ben, groupPicture)).toBe(404);
    await ada.page.getByRole('button', { name: 'Group picture' }).click();
    await groupDialog.getByRole('button', { name: 'Remove the picture' }).click();
    await expect(ada.line('You removed the picture of the group')).toBeVisible();
  });
});
