import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

import { landscape } from '../support/picture';
import { expect, picturesCome, room, test, toBeginning } from '../support/views';

/** The pictures of the README and the guide. Written anew by `npm run screenshots`; the scene and its time are fixed. */
const folder = resolve('../../docs/guide/images');
const NOW = new Date('2026-05-16T11:20:00');

test.describe.configure({ mode: 'serial' });
test.beforeAll(() => void mkdirSync(folder, { recursive: true }));
test.beforeEach(({ page }) => page.clock.setFixedTime(NOW));

const picture = (name: string) =>
  ({ path: resolve(folder, `${name}.png`), animations: 'disabled', caret: 'hide' }) as const;

test.describe('desktop, light', () => {
  test.use({ colorScheme: 'light', viewport: { width: 1280, height: 800 } });

  test('a conversation', async ({ page, open }) => {
    await open('full', room(1));
    await expect(page.getByRole('listitem', { name: /^You, See you at the pier/ })).toBeVisible();
    await page.screenshot(picture('conversation'));
  });

  test('the list in order and the menu of a conversation', async ({ page, open }) => {
    await open('kept', room(1));
    await page.getByRole('link', { name: /Jonas Weber/ }).click({ button: 'right' });
    await expect(page.getByRole('menuitem', { name: 'Archive' })).toBeVisible();
    await page.screenshot(picture('list-menu'));
  });

  test('pictures, a voice note and a file', async ({ page, open }) => {
    await page.route('**/v1/blobs/**', (route) =>
      route.fulfill({ contentType: 'image/svg+xml', body: landscape }),
    );
    await open('media', room(20));
    await expect(page.getByText('Route along the river.pdf')).toBeVisible();
    await toBeginning(page, page.getByRole('button', { name: /^Open: Five people on a jetty/ }));
    await picturesCome(page);
    await page.screenshot(picture('media'));
  });

  test('a group and its details', async ({ page, open }) => {
    await open('full', room(2));
    await page.getByRole('button', { name: 'Details' }).click();
    await expect(page.getByText('Robin Aaltonen (you)')).toBeVisible();
    await page.screenshot(picture('group'));
  });

  test('polls', async ({ page, open }) => {
    await open('polls', room(2));
    const poll = page.getByRole('listitem', { name: /Poll: When do we row/ });
    await poll.getByRole('radio', { name: /^Saturday/ }).click();
    await expect(poll.getByRole('radio', { name: /^Saturday/ })).toBeChecked();
    await page.screenshot(picture('polls'));
  });

  test('links with what their pages say', async ({ page, open }) => {
    await open('links', room(1));
    await page.getByRole('textbox', { name: /^Message to/ }).fill('Look: https://tides.example/today');
    await expect(page.getByRole('button', { name: 'Send without the preview' })).toBeVisible();
    await picturesCome(page);
    await page.screenshot(picture('link-previews'));
  });

  test('what was searched for', async ({ page, open }) => {
    await open('full', room(1));
    await page.getByRole('searchbox', { name: 'Search', exact: true }).fill('from:me thermos');
    const found = page.getByRole('region', { name: 'Messages', exact: true }).getByRole('link');
    await found.first().click();
    await expect(page.getByRole('listitem', { name: /^You, See you at the pier/ })).toBeInViewport();
    await page.screenshot(picture('search'));
  });

  test('the settings', async ({ page, open }) => {
    await open('full', room(1));
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitem', { name: 'All settings' }).click();
    const list = page.getByRole('navigation', { name: 'Settings' });
    await list.getByRole('button', { name: 'Privacy', exact: true }).click();
    await expect(page.getByLabel('What you have read')).toBeVisible();
    await page.screenshot(picture('settings'));
  });
});

test.describe('phone, dark', () => {
  const phone = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  };
  test.use({ colorScheme: 'dark', ...phone });

  test('the list', async ({ page, open }) => {
    await open('full');
    await expect(page.getByText('Kitchen garden')).toBeVisible();
    await page.screenshot(picture('list-phone-dark'));
  });

  test('the emoji picker', async ({ page, open }) => {
    await open('full', room(2));
    await page.getByRole('button', { name: 'Emoji' }).tap();
    await expect(page.getByRole('searchbox', { name: 'Search emoji' })).toBeVisible();
    await page.screenshot(picture('emoji-phone'));
  });

  test('a conversation', async ({ page, open }) => {
    await open('full', room(2));
    await expect(page.getByText('New messages')).toBeVisible();
    await page.screenshot(picture('conversation-phone-dark'));
  });

  test('when to send', async ({ page, open }) => {
    await open('full', room(2));
    await page.getByRole('textbox', { name: /^Message to/ }).fill('Good morning! Who takes the blue boat?');
    await page.getByRole('button', { name: 'Add', exact: true }).tap();
    await page.getByRole('menuitem', { name: 'Send later' }).tap();
    const dialog = page.getByRole('dialog', { name: 'Send later' });
    await dialog.getByRole('radio', { name: /Tomorrow morning/ }).check();
    await page.screenshot(picture('send-later-phone'));
  });
});
