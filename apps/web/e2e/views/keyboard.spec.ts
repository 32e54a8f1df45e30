import type { Page } from '@playwright/test';

import { expect, expectAccessibleInEveryLook, room, test } from '../support/views';

/** Presses Tab (or another key) until the element with this name has the focus; gives up after a whole round. */
async function tabTo(page: Page, role: string, name: RegExp, key = 'Tab'): Promise<void> {
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press(key);
    const [is, label] = await page.evaluate(() => {
      const element = document.activeElement;
      const tag = element?.tagName.toLowerCase() ?? '';
      const own =
        element?.getAttribute('role') ??
        { a: 'link', button: 'button', textarea: 'textbox', input: 'textbox' }[tag];
      return [own, element?.getAttribute('aria-label') ?? element?.textContent ?? ''];
    });
    if (is === role && name.test(label ?? '')) return;
  }
  throw new Error(`no ${role} ${name} within 40 tabs`);
}

test('the first hour by keyboard alone: find somebody, write, answer, read back', async ({ page, open }) => {
  await open('full');
  await expect(page.getByRole('link', { name: /Mila Novak/ })).toBeVisible();

  await tabTo(page, 'button', /New conversation/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'New chat' })).toBeFocused();
  await page.keyboard.press('Enter');
  const search = page.getByRole('searchbox', { name: 'Search people' });
  await expect(search).toBeFocused();
  await page.keyboard.type('amara');
  await expect(page.getByRole('button', { name: /Amara Okafor/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');

  const composer = page.getByRole('textbox', { name: 'Message to Amara Okafor' });
  await expect(composer).toBeFocused();
  await page.keyboard.type('Hello Amara');
  await page.keyboard.press('Enter');
  await expect(composer).toHaveValue('');
  // Until it has been read its buttons are others.
  await expect(page.getByRole('listitem', { name: /You, Hello Amara.*Read$/ })).toBeVisible();

  // Over the buttons of the composer and of the message.
  await tabTo(page, 'listitem', /You, Hello Amara/, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(composer).toBeFocused();
  await expect(page.getByText('Replying to yourself')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByText('Replying to yourself')).toBeHidden();
});

test('arrows walk the timeline, and the end of the list is followed by its own keys', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  const composer = page.getByRole('textbox', { name: /Message to/ });
  await expect(composer).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  const last = page.getByRole('listitem', { name: /See you at the pier/ });
  await expect(async () => {
    await page.keyboard.press('Shift+Tab');
    await expect(last).toBeFocused({ timeout: 300 });
  }).toPass();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('listitem', { name: /🎉/ })).toBeFocused();
  for (let i = 0; i < 20; i += 1) await page.keyboard.press('ArrowUp');
  await expect(page.locator('[role="listitem"]:focus')).toBeInViewport();
  await page.keyboard.press('End');
  await expect(last).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(composer).toBeFocused();
});

test('the menu of a conversation by its key and by its button; the focus comes back to the conversation', async ({
  page,
  open,
}) => {
  await open('full');
  const jonas = page.getByRole('link', { name: /Jonas Weber/ });
  await jonas.focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'Mark as read' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'For 1 hour' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Mute' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(jonas).toBeFocused();

  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('button', { name: 'Actions for Jonas Weber' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Mark as read' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(jonas).toBeFocused();
  await expect(jonas).not.toHaveAccessibleName(/unread/);
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('link', { name: /Elin Aaltonen/ })).toBeFocused();

  await page.getByRole('radio', { name: 'All' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Groups' })).toBeChecked();
  await expect(page.getByRole('link', { name: /Elin Aaltonen/ })).toBeHidden();
});

test('the menu of a message by its key; what it does goes on where it should', async ({ page, open }) => {
  await open('full', room(1));
  const composer = page.getByRole('textbox', { name: /Message to/ });
  await expect(composer).toBeFocused();
  const line = page.getByRole('listitem', { name: /And I finally fixed the rucksack/ });
  await line.focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(line).toBeFocused();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Replying to Mila Novak')).toBeVisible();
  await expect(composer).toBeFocused();
});

test('a reaction by keyboard alone, from the bar above the menu', async ({ page, open }) => {
  await open('full', room(1));
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeFocused();
  const line = page.getByRole('listitem', { name: /And I finally fixed the rucksack/ });
  await line.focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('menuitem', { name: 'Other emoji' })).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('menuitemcheckbox', { name: '🎉' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(line.getByRole('button', { name: /^🎉, 1 person: you/ })).toBeVisible();
  await expect(line).toBeFocused();

  await line.getByRole('button', { name: 'React', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitemcheckbox', { name: '👍' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(line.getByRole('button', { name: /^👍, 1 person: you/ })).toBeVisible();
});

test('the last message of one’s own is edited by the key that goes up', async ({ page, open }) => {
  await open('full', room(1));
  const composer = page.getByRole('textbox', { name: /Message to/ });
  await expect(composer).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByText('Editing your message')).toBeVisible();
  await expect(composer).toHaveValue(/^See you at the pier/);
  await page.keyboard.press('Escape');
  await expect(composer).toHaveValue('');
  await expect(composer).toBeFocused();
  await page.keyboard.type('words');
  await page.keyboard.press('ArrowUp');
  await expect(page.getByText('Editing your message')).toBeHidden();
});

test('messages are chosen by keyboard alone', async ({ page, open }) => {
  await open('full', room(1));
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeFocused();
  const last = page.getByRole('listitem', { name: /^You, See you at the pier/ });
  await last.focus();
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menuitem', { name: 'Select' }).focus();
  await page.keyboard.press('Enter');
  const bar = page.getByRole('toolbar', { name: 'Selected messages' });
  await expect(bar).toContainText('1 selected');
  await expect(last).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('listitem', { name: /🎉/ })).toBeFocused();
  await page.keyboard.press('Space');
  await expect(bar).toContainText('2 selected');
  await page.keyboard.press('Enter');
  await expect(bar).toContainText('1 selected');
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
  await expect(page.getByRole('listitem', { name: /🎉/ })).toBeFocused();
});

test('dialogs hold the focus, close with Escape, and give it back', async ({ page, open }) => {
  await open('full');
  const account = page.getByRole('button', { name: /Account of/ });
  await account.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  const devices = page.getByRole('menuitem', { name: 'Devices' });
  while (!(await devices.evaluate((item) => item === document.activeElement))) {
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Devices' });
  await expect(dialog).toBeVisible();
  for (let i = 0; i < 10; i += 1) {
    await page.keyboard.press('Tab');
    await expect(dialog.locator(':focus')).toHaveCount(1);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(account).toBeFocused();
});

test('details open with the focus in them and close with Escape', async ({ page, open }) => {
  await open('full', room(2));
  const button = page.getByRole('button', { name: 'Details' });
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: 'Details' }),
  ).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('complementary', { name: 'Details' })).toBeHidden();
  await expect(button).toBeFocused();
});

test('focus can always be seen', async ({ page, open }) => {
  await open('full', room(1));
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeFocused();
  for (let i = 0; i < 14; i += 1) {
    await page.keyboard.press('Tab');
    const visible = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return true;
      const own = getComputedStyle(element);
      const box = element.closest('.box, .search') ?? element;
      const around = getComputedStyle(box);
      return (
        own.outlineStyle !== 'none' || around.outlineStyle !== 'none' || around.boxShadow.includes('inset')
      );
    });
    expect(visible, await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120))).toBe(true);
  }
});

test('what is behind a dialog does nothing: the search is not gone to from there', async ({ page, open }) => {
  await open('full', room(1));
  await page.getByText('And I finally fixed the rucksack.').click({ button: 'right' });
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('menuitem', { name: 'Reply' })).toBeFocused();
  await page.getByRole('menuitem', { name: 'Delete for me' }).click();
  const inside = page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' });
  await expect(inside).toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(inside).toBeFocused();
});

test('search is reached, gone through and left by the keyboard', async ({ page, open }) => {
  await open('full', room(1));
  await page.keyboard.press('Control+k');
  const field = page.getByRole('searchbox', { name: 'Search', exact: true });
  await expect(field).toBeFocused();
  await field.fill('mila');
  await expect(page.getByRole('region', { name: 'People', exact: true })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('region', { name: 'People', exact: true }).getByRole('button')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(
    page.getByRole('region', { name: 'Conversations', exact: true }).getByRole('link'),
  ).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(field).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(field).toHaveValue('');
  await expect(page.getByRole('list', { name: 'Conversations' })).toBeVisible();

  await page.keyboard.press('Control+f');
  const bar = page.getByRole('search', { name: 'Search in this conversation' });
  await expect(bar.getByRole('searchbox')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeFocused();
});

test('the sheet of shortcuts opens by its keys and from the menu, and what it lists is what works', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  const composer = page.getByRole('textbox', { name: /Message to/ });
  await expect(composer).toBeFocused();
  await page.keyboard.type('?');
  await expect(composer).toHaveValue('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await page.keyboard.press('Control+/');
  await expect(sheet.getByRole('region', { name: 'While you write' })).toContainText(
    'Edit your last message',
  );
  await expectAccessibleInEveryLook(page);
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await expect(composer).toBeFocused();

  const button = page.getByRole('button', { name: 'Details' });
  await button.focus();
  await page.keyboard.press('?');
  await expect(sheet).toBeVisible();
  await sheet.getByRole('checkbox', { name: 'Open this with ?' }).uncheck();
  await page.keyboard.press('Escape');
  await expect(button).toBeFocused();
  await page.keyboard.press('?');
  await expect(sheet).toBeHidden();

  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).click();
  await expect(sheet).toBeVisible();
});

test('the list is made wider and narrower by keyboard and by drawing its edge, and stays so', async ({
  page,
  open,
}) => {
  await open('full', room(1));
  const list = page.getByRole('navigation', { name: 'Conversations on Harbour' });
  const width = async (): Promise<number> => (await list.boundingBox())?.width ?? 0;
  const edge = page.getByRole('separator', { name: 'Width of the list' });
  const before = await width();

  await edge.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(width).toBeCloseTo(before + 16, -1);
  await page.keyboard.press('End');
  await expect.poll(width).toBe(512);
  await expect(edge).toHaveAttribute('aria-valuenow', '32');
  await page.keyboard.press('Home');
  await expect.poll(width).toBe(240);
  await page.reload();
  await expect.poll(width).toBe(240);

  const box = await edge.boundingBox();
  if (box === null) throw new Error('the edge is not on the screen');
  await page.mouse.move(box.x + box.width / 2, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 100, box.y + 320, { steps: 4 });
  await page.mouse.up();
  await expect.poll(width).toBe(340);
  await page.mouse.move(600, 300);
  expect(await width()).toBe(340);
  await edge.dblclick();
  await expect.poll(width).toBe(before);
});
