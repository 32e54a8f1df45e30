import { expect, test, type Person } from '../support/app';

async function openVerify(person: Person, name: string): Promise<void> {
  await person.page.getByRole('button', { name: 'Details' }).click();
  await person.page.getByRole('button', { name: `Verify ${name}` }).click();
}

/** The safety number that somebody sees. */
async function numberOf(person: Person): Promise<string> {
  const groups = person.page.getByRole('list', { name: 'Safety number' }).getByRole('listitem');
  await expect(groups).toHaveCount(12);
  return (await groups.locator('[aria-hidden]').allTextContents()).join(' ');
}

async function openDevices(person: Person): Promise<void> {
  await person.menu('Account', 'Devices');
  await expect(person.page.getByText('Where your account is signed in.')).toBeVisible();
}

async function codeOf(person: Person): Promise<string> {
  const groups = person.page.getByRole('list', { name: 'Code of this device' }).getByRole('listitem');
  await expect(groups).toHaveCount(6);
  return (await groups.locator('[aria-hidden]').allTextContents()).join(' ');
}

test('two people compare numbers; an approved device keeps them, one that is not changes them', async ({
  person,
}) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  const tablet = await person('Ben');
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben', { encrypted: true });
  await ada.write('· is it you?');
  await ben.openConversation('Ada');
  await expect(ben.line('· is it you?')).toBeVisible();
  await ben.write('· it is');
  await expect(ada.line('· it is')).toBeVisible();
  const badge = ada.page
    .getByRole('region', { name: 'Ben' })
    .getByRole('img', { name: 'verified', exact: true });

  await test.step('both see the same number, and one marks the other as verified', async () => {
    await openVerify(ada, 'Ben');
    await openVerify(ben, 'Ada');
    const number = await numberOf(ada);
    expect(number).toMatch(/^(\d{5} ){11}\d{5}$/);
    expect(await numberOf(ben)).toBe(number);
    await ada.page.getByRole('button', { name: 'Mark as verified' }).click();
    await expect(ada.page.getByText('You compared the safety number with Ben on')).toBeVisible();
    await ada.page.keyboard.press('Escape');
    await ben.page.keyboard.press('Escape');
    await expect(badge).toBeVisible();
  });

  await test.step('a device that nobody has approved is said, and changes the number', async () => {
    await tablet.open();
    await tablet.signIn();
    await tablet.openConversation('Ada');
    await expect(
      ada.page.getByText('Ben has a new device that none of their devices has approved.'),
      // It waits up to five seconds for a welcome, and the others up to six before they look whose it is.
    ).toBeVisible({ timeout: 30_000 });
    await expect(badge).toHaveCount(0);
    await expect(ada.page.getByText('The safety number has changed', { exact: true })).toBeVisible();
  });

  await test.step('once it is approved by its code, the number is the one that was compared', async () => {
    await openDevices(tablet);
    await expect(tablet.page.getByText('This device is not approved yet')).toBeVisible();
    const code = await codeOf(tablet);
    await openDevices(ben);
    await expect(ben.page.getByText('A device is not approved')).toBeVisible();
    await ben.page.getByRole('button', { name: /^Approve / }).click();
    expect(await codeOf(ben)).toBe(code);
    await ben.page
      .getByRole('group', { name: /^Approve / })
      .getByRole('button', { name: 'Approve', exact: true })
      .click();
    await expect(ben.page.getByText(/^Approved by /)).toBeVisible();
    // Ada's device learns it when it looks at the devices again: with the next line.
    await ada.page.reload();
    await expect(ada.line('· it is')).toBeVisible();
    await ada.write('· and now?');
    await expect(badge).toBeVisible();
    await expect(
      ada.page.getByText('Ben has a new device that none of their devices has approved.'),
    ).toHaveCount(1);
  });
});
