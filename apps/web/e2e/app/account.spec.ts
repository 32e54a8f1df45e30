import { expect, test } from '../support/app';

test('devices are listed and signed out, here and elsewhere', async ({ person }) => {
  test.setTimeout(120_000);
  const ada = await person('Ada');
  const elsewhere = await person('Ada');
  await ada.setUp('Harbour');

  await elsewhere.open();
  await expect(elsewhere.page.getByRole('heading', { name: 'Sign in to Harbour' })).toBeVisible();
  await elsewhere.page.getByLabel('Username').fill('ada');
  await elsewhere.page.getByLabel('Password', { exact: true }).fill('not her password');
  await elsewhere.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(elsewhere.page.getByRole('alert')).toHaveText('The username or the password is wrong.');
  await elsewhere.signIn();

  await ada.menu('Account', 'Devices');
  const devices = ada.page.getByRole('dialog', { name: 'Devices' }).getByRole('listitem');
  await expect(devices).toHaveCount(2);
  await expect(devices.filter({ hasText: 'This device' })).toHaveCount(1);
  await devices
    .filter({ hasNotText: 'This device' })
    .getByRole('button', { name: /^Sign out/ })
    .click();
  await expect(devices).toHaveCount(1);
  await expect(elsewhere.page.getByRole('heading', { name: 'Sign in to Harbour' })).toBeVisible();
  await expect(elsewhere.page.getByText('This device was signed out.')).toBeVisible();

  await devices.getByRole('button', { name: 'Sign out' }).click();
  await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click();
  await expect(ada.page.getByRole('heading', { name: 'Sign in to Harbour' })).toBeVisible();
  await ada.signIn();
});

test('a name is changed, and others see it', async ({ person }) => {
  const ada = await person('Ada');
  const ben = await person('Ben');
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ben.menu('Account', 'Profile');
  await ben.page.getByLabel('Your name').fill('Benedikt');
  await ben.page.getByRole('button', { name: 'Save' }).click();
  await expect(ben.page.getByText('Your profile was changed.')).toBeVisible();
  await ada.startChat('Benedikt');
});

test('an invite that was withdrawn, and a set-up link that was used, say so', async ({ server, person }) => {
  const ada = await person('Ada');
  const ben = await person('Ben');
  await ada.setUp('Harbour');
  const link = await ada.invite();
  await ada.menu('Account', 'Invite people');
  await ada.page.getByRole('button', { name: /^Withdraw/ }).click();
  await expect(ada.page.getByText('The link no longer works.')).toBeVisible();

  await ben.open(link);
  await expect(ben.page.getByRole('heading', { name: 'This invite no longer works' })).toBeVisible();
  await ben.close();

  await ben.open(server.setUpLink);
  await ben.page.getByLabel('Name of this server').fill('Mine now');
  await ben.fillAccount();
  await ben.page.getByRole('button', { name: 'Start Pipit' }).click();
  await expect(ben.page.getByRole('heading', { name: 'Already set up' })).toBeVisible();
});

test('a username that is taken is said beside its field', async ({ person }) => {
  const ada = await person('Ada');
  const ben = await person('Ben');
  await ada.setUp('Harbour');
  await ben.open(await ada.invite());
  await ben.fillAccount();
  await ben.page.getByLabel('Username').fill('ada');
  await ben.page.getByRole('button', { name: 'Join Harbour' }).click();
  await expect(ben.page.getByLabel('Username')).toHaveAccessibleDescription(/This username is taken/);
});
