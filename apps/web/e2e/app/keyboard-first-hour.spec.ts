import { expect, test } from '../support/app';
import { Hands } from '../support/keyboard';

test('the first hour, from the set-up link to signing out, without a single click', async ({
  server,
  person,
}) => {
  test.setTimeout(240_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  const [left, right] = [await Hands.of(ada), await Hands.of(ben)];
  let link = '';

  await test.step('one sets the server up and makes an invite', async () => {
    await ada.open(server.setUpLink);
    const { page } = left;
    await left.fill(page.getByLabel('Name of this server'), 'Harbour');
    await left.fill(page.getByLabel('Your name'), 'Ada');
    await left.fill(page.getByLabel('Username'), 'ada');
    await left.fill(page.getByLabel('Password', { exact: true }), ada.password);
    await left.press('Enter');
    await left.choose(page.getByRole('button', { name: /^Account of/ }), 'Invite people');
    await left.to(page.getByRole('button', { name: 'Create link' }));
    await left.press('Enter');
    link = await page.getByLabel('Invite link').inputValue();
    // It is selected: it can be copied at once.
    await expect(page.getByLabel('Invite link')).toBeFocused();
    await left.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  });

  await test.step('another one joins by it', async () => {
    await ben.open(link);
    const { page } = right;
    await right.fill(page.getByLabel('Your name'), 'Ben');
    await right.fill(page.getByLabel('Username'), 'ben');
    await right.fill(page.getByLabel('Password', { exact: true }), ben.password);
    await right.press('Enter');
    await expect(page.getByText('It is quiet here')).toBeVisible();
  });

  await test.step('they have a group, in which one writes', async () => {
    const { page } = left;
    await left.choose(page.getByRole('button', { name: 'New conversation' }), 'New group');
    await expect(page.getByLabel('Group name')).toBeFocused();
    await left.type('Rowing');
    await left.fill(page.getByRole('searchbox', { name: 'Add people' }), 'ben');
    await expect(page.getByRole('button', { name: /@ben/ })).toBeVisible();
    await left.press('Enter');
    await left.to(page.getByRole('button', { name: 'Create group' }));
    await left.press('Enter');
    await expect(ada.composer).toBeFocused();
    await left.type('The tide is at six');
    await left.press('Enter');
    await ada.expectState('The tide is at six', 'Delivered');
  });

  await test.step('the other reads, reacts and answers', async () => {
    await right.to(ben.listed('Rowing'));
    await right.press('Enter');
    await expect(ben.composer).toBeFocused();
    const line = ben.line('The tide is at six');
    await right.to(line, 'Shift+Tab');
    await right.press('Shift+F10');
    await expect(right.page.getByRole('menuitem', { name: 'Reply' })).toBeFocused();
    await right.press('ArrowUp', 'ArrowLeft');
    await expect(right.page.getByRole('menuitemcheckbox', { name: '🎉' })).toBeFocused();
    await right.press('Enter');
    await expect(line).toBeFocused();
    await expect(
      ada.line('The tide is at six').getByRole('button', { name: /^🎉, 1 person: Ben/ }),
    ).toBeVisible();
    await right.press('Enter');
    await expect(ben.composer).toBeFocused();
    await right.type('Then I bring the oars');
    await right.press('Enter');
    await expect(ada.line('Then I bring the oars')).toContainText('The tide is at six');
  });

  await test.step('it is found again', async () => {
    await left.press('Control+k');
    await left.type('oars');
    const found = left.page.getByRole('region', { name: 'Messages', exact: true }).getByRole('link');
    await expect(found).toHaveCount(1);
    await left.press('ArrowDown');
    await expect(found).toBeFocused();
    await left.press('Enter');
    await expect(ada.line('Then I bring the oars')).toBeFocused();
  });

  await test.step('the shortcuts are looked up, and something is set', async () => {
    const { page } = left;
    await left.press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    await left.press('Escape');
    await expect(ada.line('Then I bring the oars')).toBeFocused();
    await left.choose(page.getByRole('button', { name: /^Account of/ }), 'All settings');
    await left.fill(page.getByRole('searchbox', { name: 'Search settings' }), 'dark');
    await left.to(page.getByRole('button', { name: /^Theme/ }));
    await left.press('Enter');
    await expect(page.getByRole('radio', { name: 'Like this device' }).first()).toBeFocused();
    await left.press('ArrowRight', 'ArrowRight');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await left.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  });

  await test.step('one signs out, and in again', async () => {
    const { page } = left;
    await left.choose(page.getByRole('button', { name: /^Account of/ }), 'Sign out');
    await left.to(page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }));
    await left.press('Enter');
    await expect(page.getByRole('heading', { name: 'Sign in to Harbour' })).toBeVisible();
    await left.fill(page.getByLabel('Username'), 'ada');
    await left.fill(page.getByLabel('Password', { exact: true }), ada.password);
    await left.press('Enter');
    await expect(ada.listed('Rowing')).toBeVisible();
  });

  await left.expectNoPointer();
  await right.expectNoPointer();
});
