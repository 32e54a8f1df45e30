import type { Page } from '@playwright/test';

import { longPress } from '../support/phone';
import { expect, expectAccessibleInEveryLook, expectFits, room, seen, test } from '../support/views';

interface Screen {
  name: string;
  scene: string;
  path?: string;
  /** What is there once it has come up. */
  shows: (page: Page) => Promise<void>;
}

const openMessageMenu = async (page: Page, text: string) => {
  const words = page.getByText(text);
  if (await page.evaluate(() => matchMedia('(pointer: coarse)').matches))
    await longPress(page, words, page.getByRole('menu', { name: 'Actions for this message' }));
  else await words.click({ button: 'right' });
};
const menu = async (page: Page, button: RegExp, item: string) => {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

const screens: Screen[] = [
  { name: 'set-up', scene: 'setup', path: '/setup#token', shows: (page) => seen(page, 'Set up your server') },
  {
    name: 'set-up without a token',
    scene: 'setup',
    path: '/setup',
    shows: (page) => seen(page, /link is not complete/),
  },
  { name: 'a new server', scene: 'setup', shows: (page) => seen(page, 'This server is new') },
  { name: 'join', scene: 'join', path: '/join#token', shows: (page) => seen(page, 'Mila Novak invites you') },
  {
    name: 'an invite that ended',
    scene: 'join-expired',
    path: '/join#token',
    shows: (page) => seen(page, /no longer works/),
  },
  { name: 'sign-in', scene: 'signed-out', shows: (page) => seen(page, 'Sign in to Harbour') },
  { name: 'sign-in without a line', scene: 'unreachable', shows: (page) => seen(page, /cannot be reached/) },
  {
    name: 'an invite while signed in',
    scene: 'full',
    path: '/join#t',
    shows: (page) => seen(page, 'You are already signed in'),
  },
  { name: 'the list', scene: 'full', shows: (page) => seen(page, 'Harbour Rowing Club') },
  {
    name: 'a list in order',
    scene: 'kept',
    shows: (page) => expect(page.getByRole('link', { name: /Kitchen garden .* pinned/ })).toBeVisible(),
  },
  {
    name: 'the menu of a conversation',
    scene: 'kept',
    shows: async (page) => {
      await page.getByRole('link', { name: /Jonas Weber/ }).click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Mute' }).click();
      await expect(page.getByRole('menuitem', { name: 'For 8 hours' })).toBeVisible();
    },
  },
  {
    name: 'a filter that finds nothing',
    scene: 'full',
    shows: async (page) => {
      await page.getByRole('radio', { name: 'Archived' }).click();
      await seen(page, /Nothing is archived/);
    },
  },
  { name: 'an empty list', scene: 'empty', shows: (page) => seen(page, 'It is quiet here') },
  {
    name: 'loading',
    scene: 'loading',
    path: room(1),
    shows: (page) => expect(page.getByRole('status', { name: 'Loading messages' })).toBeVisible(),
  },
  {
    name: 'a direct conversation',
    scene: 'full',
    path: room(1),
    shows: (page) => expect(page.getByRole('listitem', { name: /^You, See you at the pier/ })).toBeVisible(),
  },
  { name: 'a group', scene: 'full', path: room(2), shows: (page) => seen(page, 'New messages') },
  {
    name: 'failures',
    scene: 'failing',
    path: room(1),
    shows: (page) => seen(page, /Not sent\. This is too long/),
  },
  { name: 'offline', scene: 'offline', path: room(1), shows: (page) => seen(page, /You are offline/) },
  { name: 'waiting', scene: 'waiting', shows: (page) => seen(page, /Next try in/) },
  { name: 'memory only', scene: 'memory', shows: (page) => seen(page, /keeps nothing/) },
  {
    name: 'a conversation that is not there',
    scene: 'full',
    path: room(99),
    shows: (page) => seen(page, /cannot be opened/),
  },
  {
    name: 'details of a group',
    scene: 'kept',
    path: room(2),
    shows: async (page) => {
      await page.getByRole('button', { name: 'Details' }).click();
      await seen(page, 'Robin Aaltonen (you)');
    },
  },
  {
    name: 'the emoji picker',
    scene: 'full',
    path: room(2),
    shows: async (page) => {
      await page.getByRole('button', { name: 'Emoji' }).click();
      await page.getByRole('searchbox', { name: 'Search emoji' }).fill('cat');
      await expect(page.getByRole('button', { name: 'cat face', exact: true })).toBeVisible();
    },
  },
  {
    name: 'a name that is being completed',
    scene: 'full',
    path: room(2),
    shows: async (page) => {
      await page.getByRole('textbox', { name: /Message to/ }).pressSequentially('Hello @');
      await expect(page.getByRole('option', { name: /Amara Okafor/ })).toBeVisible();
    },
  },
  {
    name: 'the menu of a message',
    scene: 'full',
    path: room(1),
    shows: async (page) => {
      await openMessageMenu(page, 'And I finally fixed the rucksack.');
      await expect(page.getByRole('menuitem', { name: 'Copy text' })).toBeVisible();
    },
  },
  {
    name: 'messages that were changed',
    scene: 'changed',
    path: room(2),
    shows: async (page) => {
      await expect(page.getByRole('region', { name: 'Pinned messages' })).toBeVisible();
      await expect(page.getByRole('listitem', { name: /Count me in.*edited/ })).toBeVisible();
    },
  },
  {
    name: 'a message that is being edited',
    scene: 'full',
    path: room(1),
    shows: async (page) => {
      await expect(page.getByRole('listitem', { name: /^You, See you at the pier/ })).toBeVisible();
      await page.getByRole('textbox', { name: /Message to/ }).press('ArrowUp');
      await seen(page, 'Editing your message');
    },
  },
  {
    name: 'messages that are chosen',
    scene: 'changed',
    path: room(2),
    shows: async (page) => {
      await openMessageMenu(page, 'Count me in.');
      await page.getByRole('menuitem', { name: 'Select' }).click();
      await seen(page, '1 selected');
    },
  },
  {
    name: 'forwarding',
    scene: 'changed',
    path: room(2),
    shows: async (page) => {
      await openMessageMenu(page, 'Count me in.');
      await page.getByRole('menuitem', { name: 'Forward' }).click();
      await page.getByRole('checkbox', { name: 'Jonas Weber' }).check();
      await seen(page, 'Forward to 1 conversation');
    },
  },
  {
    name: 'the menu of the account',
    scene: 'full',
    shows: async (page) => {
      await page.getByRole('button', { name: /Account of/ }).click();
      await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeVisible();
    },
  },
  {
    name: 'new chat',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /New conversation/, 'New chat');
      await page.getByRole('searchbox', { name: 'Search people' }).fill('ama');
      await expect(page.getByRole('button', { name: /Amara Okafor/ })).toBeVisible();
    },
  },
  {
    name: 'new group',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /New conversation/, 'New group');
      await page.getByRole('searchbox', { name: 'Add people' }).fill('ama');
      await page.getByRole('button', { name: /Amara Okafor/ }).click();
      await expect(page.getByRole('button', { name: 'Remove Amara Okafor' })).toBeVisible();
    },
  },
  {
    name: 'an invite link',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /Account of/, 'Invite people');
      await page.getByRole('button', { name: 'Create link' }).click();
      await expect(page.getByLabel('Invite link')).toHaveValue(/\/join#k3Vq/);
      await expect(page.getByRole('img', { name: 'The link as a code to scan' })).toBeVisible();
    },
  },
  {
    name: 'profile',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /Account of/, 'Profile');
      await expect(page.getByLabel('Your name')).toHaveValue('Robin Aaltonen');
    },
  },
  {
    name: 'appearance',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /Account of/, 'Appearance');
      await expect(page.getByRole('radio', { name: 'Plum' })).toBeVisible();
    },
  },
  {
    name: 'devices',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /Account of/, 'Devices');
      await expect(page.getByText('Chrome on Android')).toBeVisible();
    },
  },
  {
    name: 'sign-out',
    scene: 'full',
    shows: async (page) => {
      await menu(page, /Account of/, 'Sign out');
      await expect(page.getByRole('alertdialog')).toBeVisible();
    },
  },
];

for (const { name, scene, path, shows } of screens) {
  test(`${name} is accessible in every look, and fits`, async ({ page, open }) => {
    await open(scene, path);
    await shows(page);
    await expectFits(page);
    await expectAccessibleInEveryLook(page);
  });
}

test('text at twice its size loses nothing', async ({ page, open }) => {
  await open('full', room(1));
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  await seen(page, /See you at the pier/);
  await expect(page.getByRole('textbox', { name: /Message to/ })).toBeInViewport({ ratio: 1 });
  await expectFits(page);
});
