import { expect, expectAccessibleInEveryLook, expectFits, test } from '../support/views';

test('the page of the design system shows every value and every part', async ({ page, open }) => {
  await open('design');
  await expect(page.getByRole('heading', { name: 'Design', level: 1 })).toBeVisible();
  const colours = page.getByRole('region', { name: 'Colours' });
  await expect(colours.getByText('--accent', { exact: true })).toBeVisible();
  expect(await colours.locator('.swatch').count()).toBeGreaterThan(60);
  await expectAccessibleInEveryLook(page);
  await expectFits(page);

  await page.getByLabel('theme').selectOption('dark');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('button', { name: 'Open a dialog' }).click();
  await expect(page.getByRole('dialog', { name: 'A dialog' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Menu' }).first().click();
  await expect(page.getByRole('menuitem', { name: 'Remove' })).toBeVisible();
});
