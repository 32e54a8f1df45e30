import type { Page } from '@playwright/test';

import { expect, expectAccessibleInEveryLook, expectFits, room, test } from '../support/views';

const commands = (page: Page, type: string) =>
  page.evaluate((wanted) => window.pipit?.commands.filter((command) => command.type === wanted), type);

test('an encrypted conversation says so, and offers only what works in it', async ({ page, open }) => {
  await open('encrypted', room(8));
  const main = page.getByRole('region', { name: 'Family' });
  await expect(main.getByRole('img', { name: 'end-to-end encrypted' })).toBeVisible();
  const line = (name: string) => page.getByRole('listitem', { name, exact: true });
  await expect(line('12 messages from before this device joined')).toBeVisible();
  await expect(line('1 message could not be decrypted on this device')).toBeVisible();
  await expect(line('2 messages cannot be read yet: their keys are on the way')).toBeVisible();

  const composer = page.getByRole('textbox', { name: 'Message to Family' });
  await composer.fill('Look at https://pipit.example/keys');
  await expect(main.getByRole('button', { name: 'Add' })).toHaveCount(0);
  await expect(main.getByRole('button', { name: 'Record a voice note' })).toHaveCount(0);
  await composer.press('Enter');
  await expect(page.getByRole('listitem', { name: /You, Look at/ })).toBeVisible();
  expect(await commands(page, 'find_preview')).toEqual([]);

  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['a'], 'a.txt', { type: 'text/plain' }));
    document
      .querySelector('textarea')
      ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(page.getByText('Files cannot be sent in an encrypted conversation yet.')).toBeVisible();

  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(details.getByText('Encrypted end to end')).toBeVisible();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
});

test('nothing leaves an encrypted conversation by forwarding', async ({ page, open }) => {
  await open('encrypted', room(8));
  const line = page.getByRole('listitem', { name: /Now this phone has the keys/ });
  await line.focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Forward' })).toHaveCount(0);
});
