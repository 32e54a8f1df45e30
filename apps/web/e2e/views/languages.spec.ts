import type { Locator, Page } from '@playwright/test';

import { ar } from '../../src/i18n/ar';
import { arLater } from '../../src/i18n/ar-later';
import { de } from '../../src/i18n/de';
import { pseudoText } from '../../src/i18n/pseudo';
import { en } from '../../src/i18n/en';
import { enLater } from '../../src/i18n/en-later';
import { swipe } from '../support/phone';
import { expect, expectAccessible, expectFits, room, standsStill, test } from '../support/views';

const isPhone = (page: Page): boolean => (page.viewportSize()?.width ?? 0) < 600;

/** The language that a person has chosen before. */
async function choose(page: Page, language: string): Promise<void> {
  await page.addInitScript((tag) => localStorage.setItem('pipit.language', tag), language);
}

/** Opens one of the entries of one's own menu. */
async function openEntry(page: Page, entry: string): Promise<void> {
  await page.locator('nav header button[aria-haspopup=menu]').last().click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

test.describe('German', () => {
  test.use({ locale: 'de-CH' });

  test('is what the browser asks for, from the first text on', async ({ page, open }) => {
    await page.addInitScript(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      new MutationObserver(() => said.push(document.body?.innerText ?? '')).observe(document, {
        childList: true,
        subtree: true,
      });
    });
    await open('full');
    await expect(page.getByText(de['filter.unread'], { exact: true })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said.join('\n'));
    expect(said).toContain(de['filter.archived']);
    expect(said).not.toContain(en['filter.archived']);
    await expectFits(page);
  });

  test('gives way to another that is chosen, at once and for good', async ({ page, open }) => {
    await open('full');
    await openEntry(page, de['menu.settings']);
    await page.locator('[data-section=language]').click();
    await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English');
    await expect(page.getByRole('dialog', { name: 'Language' })).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Language' })).toHaveValue('en');
    await page.keyboard.press('Escape');
    await expect(page.getByText(en['filter.unread'], { exact: true })).toBeVisible();
    await page.reload();
    await expect(page.getByText(en['filter.unread'], { exact: true })).toBeVisible();
    await openEntry(page, en['menu.settings']);
    await page.locator('[data-section=language]').click();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('As in the browser');
    await expect(page.getByRole('dialog', { name: 'Sprache' })).toBeVisible();
  });
});

test.describe('Arabic', () => {
  test.use({ locale: 'ar-EG' });

  const middle = async (on: Locator): Promise<number> => {
    await expect(on).toBeVisible();
    const box = await on.boundingBox();
    return box === null ? 0 : box.x + box.width / 2;
  };

  test('is read from the right: panes, messages, arrows, and what comes beside', async ({ page, open }) => {
    await open('full', room(2));
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    const composer = page.locator('textarea');
    await expect(composer).toBeVisible();
    const width = page.viewportSize()?.width ?? 0;
    if (!isPhone(page)) expect(await middle(page.locator('nav'))).toBeGreaterThan(width / 2);
    const mine = await middle(page.locator('[data-key] .mine .bubble').last());
    const theirs = await middle(page.locator('[data-key] .other .bubble').last());
    expect(mine).toBeLessThan(theirs);
    // Words in Latin letters keep their own direction.
    await expect(page.locator('[data-key] .other .said').last()).toHaveCSS('unicode-bidi', 'plaintext');
    await composer.fill('hello');
    const send = page.getByRole('button', { name: ar['composer.send'] }).first();
    expect(await middle(send)).toBeLessThan(await middle(composer));
    expect(await send.locator('svg').evaluate((icon) => getComputedStyle(icon).transform)).toBe(
      'matrix(-1, 0, 0, 1, 0, 0)',
    );
    await page.getByRole('button', { name: ar['chat.details'] }).click();
    const details = page.getByRole('complementary');
    if (!isPhone(page)) expect(await middle(details)).toBeLessThan(width / 2);
    await expect(details.getByRole('heading', { name: arLater['details.title'] })).toBeVisible();
    await expectFits(page);
    await expectAccessible(page);
  });

  test('turns the keys and the swipes that go along the line', async ({ page, open }) => {
    await open('full', isPhone(page) ? room(2) : '/');
    if (isPhone(page)) {
      const words = page.locator('[data-key] .other .text').last();
      const answering = page.getByRole('button', { name: ar['composer.reply_cancel'] });
      await swipe(page, words, { x: 90, y: 0 });
      await expect(answering).toBeHidden();
      await swipe(page, words, { x: -90, y: 0 });
      await expect(answering).toBeVisible();
      return;
    }
    const row = page.locator('nav [data-id]').first();
    await row.getByRole('link').focus();
    await page.keyboard.press('ArrowLeft');
    await expect(row.getByRole('button')).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await expect(row.getByRole('link')).toBeFocused();
  });
});

/** Texts of the catalogue, which are in brackets in this language, that cannot be read whole: outside of the screen, or cut by what they are in. */
async function cutTexts(page: Page, marked = '['): Promise<string[]> {
  // A pane that comes in is beyond the edge for a frame.
  await standsStill(page);
  return page.evaluate((mark) => {
    const cut: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const text = node.textContent?.trim() ?? '';
      const parent = node.parentElement;
      if (
        text === '' ||
        !text.includes(mark) ||
        parent === null ||
        !parent.checkVisibility({ visibilityProperty: true })
      )
        continue;
      if (parent.closest('.visually-hidden, [aria-hidden="true"], option') !== null) continue;
      // One line of what people wrote, which may hold a word of ours as well.
      if (parent.closest('.one-line, .said') !== null) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      for (let at: HTMLElement | null = parent; at !== null; at = at.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(at);
        const clip =
          at === document.documentElement
            ? new DOMRect(0, 0, innerWidth, innerHeight)
            : at.getBoundingClientRect();
        const wide = box.right > clip.right + 1 || box.left < clip.left - 1;
        const tall = box.bottom > clip.bottom + 1 || box.top < clip.top - 1;
        // What can be scrolled to is not cut.
        if (at === document.documentElement ? wide : wide && /hidden|clip/.test(overflowX))
          cut.push(`cut by ${at.tagName.toLowerCase()}.${at.className}: ${text}`);
        if (wide && at.matches('button, a, label, [role^=menuitem]'))
          cut.push(`beyond its ${at.tagName.toLowerCase()}: ${text}`);
        if ((wide && /auto|scroll/.test(overflowX)) || (tall && /auto|scroll/.test(overflowY))) break;
        if (tall && /hidden|clip/.test(overflowY))
          cut.push(`cut below by ${at.tagName.toLowerCase()}.${at.className}: ${text}`);
      }
    }
    return cut;
  }, marked);
}

const odd = (text: string): string => pseudoText(text);

const screens: { name: string; scene: string; path?: string; enter?: (page: Page) => Promise<void> }[] = [
  { name: 'sign-in', scene: 'signed-out' },
  { name: 'an invite', scene: 'join', path: '/join#token' },
  { name: 'an empty list', scene: 'empty' },
  { name: 'the list', scene: 'full' },
  { name: 'a conversation', scene: 'full', path: room(1) },
  {
    name: 'the details of a group',
    scene: 'full',
    path: room(2),
    enter: (page) => page.getByRole('button', { name: odd(en['chat.details']) }).click(),
  },
  {
    name: 'the report of somebody',
    scene: 'full',
    path: room(1),
    enter: async (page) => {
      await page.getByRole('button', { name: odd(en['chat.details']) }).click();
      const report = odd(enLater['report.title']).replace('{name}', 'Mila Novak');
      await page.getByRole('complementary').getByRole('button', { name: report }).click();
      await expect(page.getByRole('dialog', { name: report })).toBeVisible();
    },
  },
  {
    name: 'the reports of a server',
    scene: 'full',
    enter: async (page) => {
      await openEntry(page, odd(en['menu.settings']));
      await page.locator('[data-section=reports]').click();
      await expect(page.getByRole('article')).toHaveCount(2);
    },
  },
  ...(['menu.profile', 'menu.appearance', 'menu.devices', 'menu.settings', 'menu.sign_out'] as const).map(
    (entry) => ({
      name: entry,
      scene: 'full',
      enter: (page: Page) => openEntry(page, odd(en[entry])),
    }),
  ),
];

test.describe('German words', () => {
  test.use({ locale: 'de' });

  test('have room where they are longest', async ({ page, open }) => {
    await open('full', room(2));
    await page.getByRole('button', { name: de['chat.details'] }).click();
    await expect(page.getByText(de['list.mute'])).toBeVisible();
    expect(await cutTexts(page, '')).toEqual([]);
    await open('full');
    await openEntry(page, de['menu.appearance']);
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await cutTexts(page, '')).toEqual([]);
  });
});

for (const { name, scene, path, enter } of screens) {
  test(`longer words have room in ${name}`, async ({ page, open }) => {
    await choose(page, 'en-XA');
    await open(scene, path);
    await enter?.(page);
    await expect(page.getByText(/^\[.*\]$/).first()).toBeAttached();
    if (enter !== undefined)
      await expect(
        page.locator('[role=dialog], [role=alertdialog], aside').getByText(/\[/).first(),
      ).toBeVisible();
    await expectFits(page);
    expect(await cutTexts(page)).toEqual([]);
  });
}
