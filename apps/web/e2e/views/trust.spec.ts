import type { Page } from '@playwright/test';

import { expect, expectAccessibleInEveryLook, expectFits, room, test } from '../support/views';

async function details(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Details' }).click();
  await expect(page.getByRole('complementary', { name: 'Details' })).toBeVisible();
}

test('who was verified says so, and the number is there to be read aloud', async ({ page, open }) => {
  await open('encrypted', room(9));
  const main = page.getByRole('region', { name: 'Jonas Weber' });
  await expect(main.getByRole('img', { name: 'verified', exact: true })).toBeVisible();
  await details(page);
  await page.getByRole('button', { name: 'Verify Jonas Weber' }).click();
  const dialog = page.getByRole('dialog', { name: 'Verify Jonas Weber' });
  await expect(dialog.getByText('You compared the safety number with Jonas Weber on')).toBeVisible();
  const number = dialog.getByRole('list', { name: 'Safety number' }).getByRole('listitem');
  await expect(number).toHaveCount(12);
  await expect(number.first()).toContainText('5 4 2 2 7');
  await expect(dialog.getByRole('img', { name: 'Your code' })).toBeVisible();
  await expect(dialog.getByText('approved by device 1')).toBeVisible();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await dialog.getByRole('button', { name: 'Take back' }).click();
  await expect(dialog.getByText('Not verified yet')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(main.getByRole('img', { name: 'verified', exact: true })).toHaveCount(0);
});

test('a number that has changed is said once in the conversation, and what to do if it differs', async ({
  page,
  open,
}) => {
  await open('encrypted', room(8));
  await expect(
    page.getByText(/^Elin Aaltonen has a new device that none of their devices has approved/),
  ).toBeVisible();
  await details(page);
  const members = page.getByRole('list', { name: 'Members' });
  await members.getByRole('button', { name: 'Actions for Elin Aaltonen' }).click();
  await page.getByRole('menuitem', { name: 'Verify' }).click();
  const dialog = page.getByRole('dialog', { name: 'Verify Elin Aaltonen' });
  await expect(dialog.getByText('The safety number has changed')).toBeVisible();
  await expect(dialog.getByText('not approved by any of the others')).toBeVisible();
  await dialog.getByRole('button', { name: 'They differ' }).click();
  await expect(dialog.getByRole('alert')).toContainText('The numbers differ');
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await dialog.getByRole('button', { name: 'Mark as verified' }).click();
  await expect(dialog.getByText('Verified', { exact: true })).toBeVisible();
});

test('a device of one’s own that nobody has approved is approved after its code was compared', async ({
  page,
  open,
}) => {
  await open('encrypted');
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Devices' }).click();
  await expect(page.getByRole('alert')).toContainText('A device is not approved');
  await expect(page.getByText('Approved by Firefox on Linux')).toBeVisible();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
  await page.getByRole('button', { name: 'Approve Safari on iPad' }).click();
  const asks = page.getByRole('group', { name: 'Approve Safari on iPad?' });
  await expect(asks.getByRole('list', { name: 'Code of this device' }).getByRole('listitem')).toHaveCount(6);
  await expectAccessibleInEveryLook(page);
  await asks.getByRole('button', { name: 'Approve', exact: true }).click();
  await expect(page.getByText('Approved by Firefox on Linux')).toHaveCount(2);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
