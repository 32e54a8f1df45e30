import type { Page } from '@playwright/test';

import { expect, expectAccessible, test } from '../support/views';

const way = (page: Page) => page.getByRole('button', { name: /Message requests/ });
const rows = (page: Page) => page.getByRole('list', { name: 'Conversations' }).getByRole('link');
const answers = (page: Page) => page.getByRole('region', { name: /wants to write to you/ });

test('requests stand apart, show nothing of themselves, and are answered', async ({ page, open }) => {
  await open('requests');
  await expect(rows(page)).toHaveCount(5);
  await expect(way(page)).toContainText('2');
  await expectAccessible(page);
  await way(page).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText('Wants to write to you');
  await expect(page.getByRole('button', { name: 'Back to all conversations' })).toBeFocused();
  await expectAccessible(page);

  await rows(page).first().click();
  await expect(answers(page)).toBeVisible();
  await expect(page.getByRole('textbox', { name: /^Message to/ })).toHaveCount(0);
  await expectAccessible(page);
  await answers(page).getByRole('button', { name: 'Accept' }).click();
  await expect(page.getByRole('textbox', { name: /^Message to/ })).toBeFocused();
  await expect(answers(page)).toHaveCount(0);
});

test('what is refused leaves, and so does the way when none is left', async ({ page, open }) => {
  await open('requests');
  for (const name of ['Delete', 'Delete and refuse further messages']) {
    await way(page).click();
    await rows(page).first().click();
    await answers(page).getByRole('button', { name, exact: true }).click();
    await expect(answers(page)).toHaveCount(0);
    await page.getByRole('button', { name: 'Back to all conversations' }).click();
  }
  await expect(way(page)).toHaveCount(0);
  await expect(rows(page)).toHaveCount(5);
});
