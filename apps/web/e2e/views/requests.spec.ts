import type { Page } from '@playwright/test';

import { expect, expectAccessible, room, test } from '../support/views';

const way = (page: Page) => page.getByRole('button', { name: /Message requests/ });
const back = (page: Page) => page.getByRole('button', { name: 'Back to all conversations' });
const rows = (page: Page) => page.getByRole('list', { name: 'Conversations' }).getByRole('link');
const answers = (page: Page) =>
  page.getByRole('region', { name: /wants to write to you|has added you|have blocked/ });
const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ });

/** On a phone one goes back to the list first. */
async function toList(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Back', exact: true });
  if (await button.isVisible()) await button.click();
}

test('requests stand apart, show nothing of themselves, and are answered', async ({ page, open }) => {
  await open('requests');
  await expect(rows(page)).toHaveCount(5);
  await expect(way(page)).toContainText('2');
  await expectAccessible(page);
  await way(page).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).filter({ hasText: 'Elin' })).toContainText('Wants to write to you');
  await expect(rows(page).filter({ hasText: 'Kitchen' })).toContainText('Somebody you do not know');
  await expect(back(page)).toBeFocused();
  await expectAccessible(page);

  await rows(page).filter({ hasText: 'Elin' }).click();
  await expect(answers(page)).toContainText('Elin Aaltonen wants to write to you');
  await expect(composer(page)).toHaveCount(0);
  await expectAccessible(page);
  await answers(page).getByRole('button', { name: 'Accept' }).click();
  await expect(composer(page)).toBeFocused();
  await expect(answers(page)).toHaveCount(0);
});

test('a stranger is blocked, a group is left, and who is blocked is found again', async ({ page, open }) => {
  await open('requests');
  await way(page).click();
  await rows(page).filter({ hasText: 'Elin' }).click();
  await answers(page).getByRole('button', { name: 'Delete and block Elin Aaltonen' }).click();
  await expect(answers(page)).toHaveCount(0);
  await expect(rows(page)).toHaveCount(1);
  await rows(page).click();
  await expect(answers(page)).toContainText('has added you to “Kitchen garden”');
  await answers(page).getByRole('button', { name: 'Leave', exact: true }).click();
  await expect
    .poll(() => page.evaluate(() => window.pipit?.commands.some(({ type }) => type === 'remove_member')))
    .toBe(true);
  await toList(page);
  await back(page).click();
  await page.getByRole('radio', { name: 'Archived', exact: true }).click();
  await expect(rows(page).filter({ hasText: 'Elin' })).toContainText('Blocked');
  await rows(page).filter({ hasText: 'Elin' }).click();
  await answers(page).getByRole('button', { name: 'Unblock and accept' }).click();
  await expect(composer(page)).toBeVisible();
});

test('who is known is blocked from the details, after a question, and unblocked', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: 'Block Mila Novak' }).click();
  const question = page.getByRole('alertdialog', { name: 'Block Mila Novak?' });
  await expect(question).toContainText('What was said stays');
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Block', exact: true }).click();
  await expect(page.getByText('Mila Novak is blocked.', { exact: false })).toBeVisible();
  await expect(rows(page).filter({ hasText: 'Mila' })).toHaveCount(0);
  await page.getByRole('radio', { name: 'Archived', exact: true }).click();
  await rows(page).filter({ hasText: 'Mila' }).click();
  await answers(page).getByRole('button', { name: 'Unblock', exact: true }).click();
  await expect(composer(page)).toBeVisible();
});
