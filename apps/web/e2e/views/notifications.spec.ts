import { expect, expectAccessibleInEveryLook, room, test } from '../support/views';

test('how one is notified is set, and kept', async ({ page, open }) => {
  await open('full');
  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Notifications' }).click();
  const dialog = page.getByRole('dialog', { name: 'Notifications' });
  // The build for tests of the views has no service worker, and says so.
  await expect(dialog.getByText(/is not installed/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Test my notifications' }).click();
  await expect(dialog.getByRole('status').filter({ hasText: /is not installed/ })).toBeVisible();
  await dialog.getByLabel('What a notification shows').selectOption('Name only');
  await dialog.getByLabel('Quiet hours').check();
  await dialog.getByLabel('From').fill('07:00');
  await expect(dialog.getByText('Two different times')).toBeVisible();
  await dialog.getByLabel('From').fill('21:30');
  await dialog.getByLabel('Time zone').selectOption('Asia/Tokyo');
  await dialog.getByLabel('Words').fill('tern, little auk');
  await expectAccessibleInEveryLook(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('Saved.')).toBeVisible();
  await page.keyboard.press('Escape');
  const set = await page.evaluate(
    () => window.pipit?.commands.find(({ type }) => type === 'set_notifications') ?? null,
  );
  expect(set).toMatchObject({
    settings: {
      previews: 'names',
      quiet: { from_min: 21 * 60 + 30, to_min: 7 * 60, time_zone: 'Asia/Tokyo' },
      keywords: ['tern', 'little auk'],
    },
  });
});

test('a conversation has a rule of its own', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByLabel('Notify me of').selectOption('Messages about me');
  await details.getByRole('button', { name: 'Close details' }).click();
  await page.getByRole('button', { name: 'Details' }).click();
  await expect(details.getByLabel('Notify me of')).toHaveValue('mentions');
});

test('the icon of the tab says that there is something to read', async ({ page, open }) => {
  await open('full');
  const icon = page.locator('link[rel="icon"]');
  await expect(icon).toHaveAttribute('href', /^data:image\/png/);
});
