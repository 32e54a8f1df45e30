import type { Page } from '@playwright/test';

import {
  expect,
  expectAccessible,
  expectAccessibleInEveryLook,
  expectFits,
  room,
  test,
} from '../support/views';

const details = (page: Page) => page.getByRole('complementary', { name: 'Details' });
const commands = (page: Page, type: string) =>
  page.evaluate((wanted) => window.pipit?.commands.filter((command) => command.type === wanted), type);

async function openDetails(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Details' }).click();
  await expect(details(page).getByText('Robin Aaltonen (you)')).toBeVisible();
}

const dialogs = {
  'Group settings': 'Only admins write',
  'Invite by link': 'An admin lets each of them in',
  'Banned people': 'Inês Carvalho',
  'What you may do here': 'your role',
  'Hand over the group': 'must always have an owner',
};
for (const [button, text] of Object.entries(dialogs)) {
  test(`${button} is accessible in every look`, async ({ page, open }) => {
    await open('groups', room(2));
    await openDetails(page);
    await details(page).getByRole('button', { name: button }).click();
    await expect(page.getByRole('dialog').getByText(text).first()).toBeVisible();
    await expectAccessibleInEveryLook(page);
  });
}

test('the details of a group that somebody runs are accessible in every look', async ({ page, open }) => {
  await open('groups', room(2));
  await openDetails(page);
  await expect(details(page).getByText('2 people want to join')).toBeVisible();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
});

for (const [token, heading, button] of [
  ['open', 'Lighthouse keepers', 'Join group'],
  ['asking', 'Lighthouse keepers', 'Ask to join'],
  ['expired', 'This link no longer works', 'Back to your conversations'],
] as const) {
  test(`a link that is ${token} is accessible in every look`, async ({ page, open }) => {
    await open('groups', `/group#${token}`);
    await expect(page.getByRole('heading', { name: heading })).toBeVisible();
    await expect(page.getByRole('button', { name: button })).toBeVisible();
    await expectAccessibleInEveryLook(page);
  });
}

test('the topic stands in the header, and is changed with the other settings in one step', async ({
  page,
  open,
}) => {
  await open('groups', room(2));
  await expect(page.getByTestId('status')).toHaveText('6 members · Training, tides and who brings the cake');
  await openDetails(page);
  await details(page).getByRole('button', { name: 'Group settings' }).click();
  const dialog = page.getByRole('dialog', { name: 'Group settings' });
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled();
  await dialog.getByLabel('Topic').fill('x'.repeat(513));
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('Use at most 512 characters.')).toBeVisible();
  await dialog.getByLabel('Topic').fill('Oars');
  await dialog.getByLabel('Only admins write').check();
  await dialog.getByLabel('People who join from now on read').selectOption('all');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByTestId('status')).toHaveText('6 members · Oars');
  await expect(
    page.getByRole('listitem', { name: /You changed the topic to “Oars”\. You made this a group/ }),
  ).toBeAttached();
  const [sent] = (await commands(page, 'change_settings')) ?? [];
  expect(sent).toMatchObject({ change: { topic: 'Oars', announcements: true, history: 'all' } });
});

test('who may not write in a group for announcements is told so, and has no field', async ({
  page,
  open,
}) => {
  await open('groups', room(6));
  await expect(page.getByText('Only admins write here. You can read and react.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: /Message to/ })).toHaveCount(0);
  await expectAccessible(page);
});

test('who waits is marked in the list, let in or declined', async ({ page, open }) => {
  await open('groups', room(2));
  await openDetails(page);
  await details(page).getByRole('button', { name: 'Let Elin Aaltonen in', exact: true }).click();
  await expect(details(page).getByText('1 person wants to join')).toBeVisible();
  await expect(page.getByRole('listitem', { name: /You added Elin Aaltonen/ })).toBeAttached();
  await details(page).getByRole('button', { name: 'Do not let Oskar Dąbrowski in' }).click();
  await expect(details(page).getByText(/to join/)).toHaveCount(0);
  await expect(page.getByText('Oskar Dąbrowski was not let in.')).toBeVisible();
  expect(await commands(page, 'approve_join')).toHaveLength(1);
});

test('the list says that people wait', async ({ page, open }) => {
  await open('groups');
  await expect(page.getByRole('link', { name: /Harbour Rowing Club .*2 people want to join/ })).toBeVisible();
});

test('somebody is banned, listed, and may come back', async ({ page, open }) => {
  await open('groups', room(2));
  await openDetails(page);
  await details(page).getByRole('button', { name: 'Actions for Theo Lindqvist' }).click();
  await page.getByRole('menuitem', { name: 'Ban from group' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Ban from group' }).click();
  await expect(page.getByRole('listitem', { name: /You banned Theo Lindqvist/ })).toBeAttached();
  await details(page).getByRole('button', { name: 'Banned people' }).click();
  const dialog = page.getByRole('dialog', { name: 'Banned people' });
  await dialog.getByRole('button', { name: 'Lift the ban of Theo Lindqvist' }).click();
  await expect(page.getByText('Theo Lindqvist may come back.')).toBeVisible();
  await expect(dialog.getByRole('listitem')).toHaveCount(1);
});

test('the last owner who leaves is told why not, and hands over first', async ({ page, open }) => {
  await open('groups', room(2));
  await openDetails(page);
  await details(page).getByRole('button', { name: 'Leave group' }).click();
  const dialog = page.getByRole('dialog', { name: 'Hand over the group' });
  await expect(dialog).toContainText('must always have an owner');
  await dialog.getByRole('button', { name: 'Make Jonas Weber an owner' }).click();
  await expect(page.getByText('Jonas Weber is an owner now.')).toBeVisible();
  await details(page).getByRole('button', { name: 'Actions for Robin Aaltonen' }).click();
  await page.getByRole('menuitem', { name: 'Step down to be an admin' }).click();
  const asks = page.getByRole('alertdialog', { name: 'Step down to be an admin?' });
  await asks.getByRole('button', { name: 'Make an admin' }).click();
  await expect(details(page).getByRole('button', { name: 'Hand over the group' })).toHaveCount(0);
  await details(page).getByRole('button', { name: 'Leave group' }).click();
  await expect(page.getByRole('alertdialog', { name: /^Leave/ })).toBeVisible();
});

test('a link is made for a time and so many people, with approval, and stands in the list', async ({
  page,
  open,
}) => {
  await open('groups', room(2));
  await openDetails(page);
  await details(page).getByRole('button', { name: 'Invite by link' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite by link' });
  await dialog.getByLabel('Works for').selectOption('1 day');
  await dialog.getByLabel('Can be used').selectOption('100 times');
  await dialog.getByLabel('An admin lets each of them in').check();
  await dialog.getByRole('button', { name: 'Create link' }).click();
  await expect(dialog.getByLabel('Invite link')).toHaveValue(/\/group#pipit_gi_/);
  await expect(dialog.getByRole('img', { name: 'The link as a code to scan' })).toBeVisible();
  await expect(dialog.getByText(/an admin decides/)).toBeVisible();
  await expect(dialog.getByText('100 uses left')).toBeVisible();
  const asked = await page.evaluate(
    () => window.pipit?.commands.find(({ type }) => type === 'create_group_invite') ?? null,
  );
  expect(asked).toMatchObject({ expires_in_s: 86_400, uses: 100, approval: true });
  await dialog.getByRole('button', { name: /^Withdraw the link/ }).click();
  await expect(dialog.getByRole('button', { name: 'Create link' })).toBeVisible();
});

test('a link leads into the group, or to its admins', async ({ page, open }) => {
  await open('groups', '/group#open');
  await expect(page.getByText('Join this group with 14 members.')).toBeVisible();
  await page.getByRole('button', { name: 'Join group' }).click();
  await expect(page.getByRole('heading', { name: 'Harbour Rowing Club' })).toBeVisible();

  await open('groups', '/group#asking');
  await page.getByRole('button', { name: 'Ask to join' }).click();
  await expect(page.getByRole('heading', { name: 'You have asked to join' })).toBeVisible();

  await open('groups', '/group#banned');
  await page.getByRole('button', { name: 'Join group' }).click();
  await expect(page.getByRole('heading', { name: 'You cannot join this group' })).toBeVisible();

  await open('signed-out', '/group#open');
  await expect(page.getByText(/Sign in to join the group/)).toBeVisible();
});
