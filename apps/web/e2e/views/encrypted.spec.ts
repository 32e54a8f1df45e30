import type { Page } from '@playwright/test';

import {
  expect,
  expectAccessible,
  expectAccessibleInEveryLook,
  expectFits,
  room,
  test,
} from '../support/views';

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
  await main.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByRole('menuitem')).toHaveText(['Attach files', 'Poll', 'Send later']);
  await page.getByRole('menuitem', { name: 'Poll' }).click();
  const poll = page.getByRole('dialog', { name: 'New poll' });
  await expect(poll.getByLabel('Several answers')).toBeVisible();
  await expect(poll.getByLabel('Anonymous')).toHaveCount(0);
  await expect(poll.getByText('Everyone in this conversation can see who voted for what.')).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(poll).toBeHidden();
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
  await expect(main.getByText('a.txt')).toBeVisible();
  await composer.press('Enter');
  await expect(main.getByText('a.txt')).toBeVisible();
  await expect
    .poll(async () => (await commands(page, 'send_message'))?.at(-1))
    .toMatchObject({ attachments: [{ name: 'a.txt', size: 1, thumbnail: null }] });

  // What is sealed is fetched whole: not before somebody wants it.
  await expect(main.getByRole('button', { name: 'Play jetty.mp4, 23 MB' })).toBeVisible();
  await expect(main.getByRole('button', { name: 'Download tides.pdf' })).toBeVisible();

  await page.getByRole('button', { name: 'Details' }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  await expect(details.getByText('Encrypted end to end')).toBeVisible();
  await expectAccessibleInEveryLook(page);
  await expectFits(page);
});

test('what is encrypted is forwarded to encrypted conversations alone', async ({ page, open }) => {
  await open('encrypted', room(8));
  const line = page.getByRole('listitem', { name: /Now this phone has the keys/ });
  await line.focus();
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menuitem', { name: 'Forward' }).click();
  const dialog = page.getByRole('dialog', { name: 'Forward the message' });
  await expect(dialog.getByText('can be forwarded to encrypted conversations only')).toBeVisible();
  await expect(dialog.getByRole('checkbox')).toHaveCount(2);
  await expect(dialog.getByRole('checkbox', { name: 'Jonas Weber' })).toBeVisible();
  await expect(dialog.getByRole('checkbox', { name: 'Family' })).toBeVisible();
  await expectAccessibleInEveryLook(page);
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

  if ((page.viewportSize()?.width ?? 0) < 600)
    await page.getByRole('button', { name: 'Back', exact: true }).click();
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
