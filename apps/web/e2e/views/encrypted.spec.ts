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

test('making a conversation, one switch encrypts it, for good', async ({ page, open }) => {
  await open('encrypted');
  await expect(page.getByRole('link', { name: /^Family end-to-end encrypted/ })).toBeVisible();
  const start = async (what: string): Promise<void> => {
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('menuitem', { name: what }).click();
  };
  const sealed = page.getByRole('checkbox', { name: 'Only the people here can read it' });

  await start('New group');
  await expect(sealed).not.toBeChecked();
  await expect(sealed).toHaveAccessibleDescription(/This cannot be changed later/);
  await page.getByRole('textbox', { name: 'Group name' }).fill('Surprise');
  await sealed.check();
  await expectAccessibleInEveryLook(page);
  await page.getByRole('button', { name: 'Create group' }).click();
  await expect(page.getByRole('textbox', { name: 'Message to Surprise' })).toBeVisible();

  if ((page.viewportSize()?.width ?? 0) < 600) await page.getByRole('button', { name: 'Back' }).click();
  await start('New chat');
  await sealed.check();
  await page.getByRole('searchbox', { name: 'Search people' }).fill('mila');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Mila Novak/ })
    .click();
  const main = page.getByRole('region', { name: 'Mila Novak' });
  await expect(main.getByRole('img', { name: 'end-to-end encrypted' })).toBeVisible();
  expect(await commands(page, 'create_group')).toMatchObject([{ encrypted: true }]);
  expect(await commands(page, 'create_direct')).toMatchObject([{ encrypted: true }]);
});
