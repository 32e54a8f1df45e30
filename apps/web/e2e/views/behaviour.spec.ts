import type { Page } from '@playwright/test';

import type { Command } from '../../src/generated/types';
import { expect, room, test } from '../support/views';

const composer = (page: Page) => page.getByRole('textbox', { name: /Message to/ });
const lines = (page: Page) => page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
const line = (page: Page, text: string | RegExp) => lines(page).filter({ hasText: text });
const viewport = (page: Page) => page.locator('.viewport');

async function sent<T extends Command['type']>(
  page: Page,
  type: T,
): Promise<Extract<Command, { type: T }>[]> {
  const commands = await page.evaluate(() => window.pipit?.commands ?? []);
  return commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
}

function receive(page: Page, number: number, text: string): Promise<void> {
  return page.evaluate(([of, what]) => window.pipit?.receive(of, 'mila', what), [number, text] as const);
}

async function distanceToEnd(page: Page): Promise<number> {
  return viewport(page).evaluate(
    (element) => element.scrollHeight - element.clientHeight - element.scrollTop,
  );
}

/** Scrolls where it is told to and says which line stands near the top once that is drawn: in one go, before an answer can come. */
function place(page: Page, scrollTo?: number): Promise<{ key: string; top: number }> {
  return viewport(page).evaluate(async (element, top) => {
    const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
    if (top !== undefined) element.scrollTo(0, top);
    await drawn();
    await drawn();
    const middle = element.getBoundingClientRect().top + 200;
    const rows = Array.from(element.querySelectorAll('[role="listitem"]'));
    const row = rows.find((candidate) => candidate.getBoundingClientRect().bottom > middle);
    return {
      key: row?.getAttribute('data-key') ?? '',
      top: row?.getBoundingClientRect().top ?? 0,
    };
  }, scrollTo);
}

/**
 * Where the timeline stands once nothing moves any more: what its lines are drawn by has come, and the rows around have been measured.
 */
async function standing(page: Page): Promise<{ key: string; top: number }> {
  await page.waitForLoadState('networkidle');
  let stands = await place(page);
  await expect(async () => {
    const before = stands;
    stands = await place(page);
    expect(stands).toEqual(before);
  }).toPass();
  return stands;
}

/** The same line is at the same place, named by its key: the rows above it may have been drawn or dropped meanwhile. */
async function expectUnmoved(page: Page, held: { key: string; top: number }): Promise<void> {
  await expect.poll(async () => (await place(page)).key).toBe(held.key);
  // Scroll positions are whole pixels of the screen; lines need not be.
  await expect.poll(async () => Math.abs((await place(page)).top - held.top)).toBeLessThanOrEqual(1);
}

test('a conversation opens at its end and stays there as messages come', async ({ page, open }) => {
  await open('full', room(1));
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  for (let i = 1; i <= 12; i += 1) await receive(page, 1, `news ${i}.`);
  await expect(line(page, 'news 12.')).toBeInViewport();
  await expect.poll(() => distanceToEnd(page)).toBeLessThan(2);
});

test('a conversation stays at its end when what lines are drawn by comes late, and the list moves for that', async ({
  page,
  open,
}) => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/PollCard-*.js', async (route) => {
    await held;
    await route.continue();
  });
  await open('polls', room(2));
  await expect(line(page, /When do we row/)).toBeInViewport();
  // No hand has been on it: in the frame in which they are measured, the list corrects where it stands.
  await viewport(page).evaluate((element) => {
    new MutationObserver((_, observer) => {
      if (element.querySelector('[data-testid="poll"]') === null) return;
      requestAnimationFrame(() => (element.scrollTop -= 100));
      observer.disconnect();
    }).observe(element, { childList: true, subtree: true });
  });
  release();
  await expect(line(page, /Neither of the two/)).toBeInViewport();
  await expect.poll(() => distanceToEnd(page)).toBeLessThan(2);
});

test('whoever reads older messages is not moved, and can jump back', async ({ page, open }) => {
  await open('full', room(1));
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  const jump = page.getByRole('button', { name: /Jump to the latest/ });
  // While the lines that it opens with are still being measured it holds on to its end: whoever scrolls then scrolls again.
  await expect(async () => {
    const end = await viewport(page).evaluate((element) => element.scrollHeight - element.clientHeight);
    await place(page, end - 1_500);
    await expect(jump).toBeVisible({ timeout: 500 });
  }).toPass();
  const held = await standing(page);
  await receive(page, 1, 'news from below');
  await expect(page.getByRole('button', { name: /1 unread/ })).toBeVisible();
  await expectUnmoved(page, held);
  await jump.click();
  await expect(line(page, 'news from below')).toBeInViewport();
  await expect(jump).toBeHidden();
});

test('older messages load above without moving what is on the screen', async ({ page, open }) => {
  await open('full', room(1));
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  await page.evaluate(() => window.pipit?.holdOlder(true));
  await expect(async () => {
    await place(page, 500);
    expect(await sent(page, 'load_older')).toHaveLength(1);
  }).toPass();
  const held = await standing(page);
  await page.evaluate(() => window.pipit?.holdOlder(false));
  // The page has come when there is much more above than there was.
  await expect.poll(() => viewport(page).evaluate((element) => element.scrollTop)).toBeGreaterThan(2_000);
  await expectUnmoved(page, held);
});

test('the whole of a long conversation can be walked to its beginning', async ({ page, open }) => {
  await open('full', room(1));
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  await expect(async () => {
    await viewport(page).evaluate((element) => element.scrollTo(0, 0));
    await expect(page.getByText('This is the beginning of your conversation with Mila Novak.')).toBeVisible({
      timeout: 500,
    });
  }).toPass();
  await expect.poll(() => page.getByRole('listitem').count()).toBeLessThan(80);
});

test('a message goes from queued to read, said in words', async ({ page, open }) => {
  await open('full', room(1));
  await page.evaluate(() => window.pipit?.connection({ state: 'offline' }));
  await composer(page).fill('On my way');
  await composer(page).press('Enter');
  await expect(line(page, 'On my way')).toContainText('Waiting to send');
  await page.evaluate(() => window.pipit?.connection({ state: 'up_to_date' }));
  await composer(page).fill('Now');
  await composer(page).press('Enter');
  await expect(line(page, 'Now').last()).toContainText('Read');
  await expect(lines(page).last()).toHaveAccessibleName(/^You, Now, .*, Read$/);
});

test('a refused message says why, and can be tried again or dropped', async ({ page, open }) => {
  await open('failing', room(1));
  const refused = line(page, 'Here is the whole list');
  await expect(refused).toContainText('Not sent. This is too long to send.');
  await refused.getByRole('button', { name: 'Try again' }).click();
  await expect(refused).not.toContainText('Not sent');
  const waiting = line(page, 'I will just tell you tomorrow.');
  await waiting.hover();
  await waiting.getByRole('button', { name: 'Withdraw' }).click();
  await expect(waiting).toHaveCount(0);
});

test('what is on the screen counts as read, and nothing else', async ({ page, open }) => {
  await open('full', room(2));
  await expect(page.getByText('New messages')).toBeVisible();
  await expect.poll(async () => (await sent(page, 'mark_read')).at(-1)?.seq).toBe(11);
  await expect(page.locator(`a[href="${room(2)}"]`)).not.toContainText('unread');
  // The divider stays where it was when the conversation was opened.
  await expect(page.getByText('New messages')).toBeVisible();
});

test('nothing counts as read while the page is hidden', async ({ page, open }) => {
  await open('full', room(1));
  await expect(line(page, /See you at the pier/)).toBeInViewport();
  // A view that is still being laid out may say it in several steps.
  const read = async () => (await sent(page, 'mark_read')).at(-1)?.seq ?? 0;
  await standing(page);
  await expect.poll(read).toBeGreaterThan(0);
  const before = await read();
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await receive(page, 1, 'while away');
  await expect(line(page, 'while away')).toBeInViewport();
  await standing(page);
  expect(await read()).toBe(before);
  await expect.poll(async () => (await sent(page, 'set_visible')).at(-1)?.visible).toBe(false);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect.poll(read).toBe(before + 1);
});

test('typing is shown, and new messages are said politely and together', async ({ page, open }) => {
  await open('full', room(1));
  await page.evaluate(() => window.pipit?.type(1, 'mila', true));
  await expect(page.getByTestId('status')).toHaveText('Mila is typing…');
  await page.evaluate(() => window.pipit?.type(1, 'mila', false));
  await expect(page.getByTestId('status')).toHaveText('Online');
  // In one go, and all that is said is written down: what comes within a second and a half is said together.
  await page.getByTestId('live').evaluate((live) => {
    const said: string[] = [];
    new MutationObserver(() => said.push(live.textContent)).observe(live, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    Object.assign(window, { said });
    for (const text of ['first', 'second', 'third', 'fourth']) window.pipit?.receive(1, 'mila', text);
  });
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { said: string[] }).said))
    .toEqual(['Mila Novak: first', '3 new messages']);
});

test('being removed is said, and leads back', async ({ page, open }) => {
  await open('full', room(2));
  await expect(page.getByText('New messages')).toBeVisible();
  await page.evaluate(() => window.pipit?.remove(2));
  await expect(page.getByText('You are no longer in this conversation')).toBeVisible();
  await page.getByRole('button', { name: 'Back to your conversations' }).click();
  await expect(page).toHaveURL(/\/\?/);
});

test('forms say what is wrong and take the focus there', async ({ page, open }) => {
  await open('join', '/join#token');
  await page.getByRole('button', { name: 'Join Harbour' }).click();
  await expect(page.getByLabel('Your name')).toBeFocused();
  await page.getByLabel('Your name').fill('Mila');
  await page.getByLabel('Username').fill('mila');
  await page.getByLabel('Password', { exact: true }).fill('a long password');
  await page.getByRole('button', { name: 'Join Harbour' }).click();
  await expect(page.getByLabel('Username')).toHaveAccessibleDescription(/This username is taken/);
  await expect(page.getByLabel('Username')).toBeFocused();
  await page.getByLabel('Username').fill('mila2');
  await page.getByRole('button', { name: 'Join Harbour' }).click();
  await expect(page.getByText('It is quiet here')).toBeVisible();
  await expect(page).not.toHaveURL(/token/);
});

test('hostile names and texts stay inside their place', async ({ page, open }) => {
  await open('full', room(1));
  const marks = `a${'\u0301'.repeat(400)}`;
  await receive(page, 1, `${marks} ${'W'.repeat(2_000)} <img src=x onerror=alert(1)> \u202Eevil`);
  await expect(line(page, '<img src=x')).toBeAttached();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  expect(await page.locator('.viewport img').count()).toBe(0);
});

test('what did not work is said, and can be dismissed', async ({ page, open }) => {
  await open('changed', room(2));
  await page.evaluate(() => window.pipit?.refuse('react', 'limit_reached'));
  await line(page, /new oars are here/)
    .getByRole('button', { name: /^👏🏽/ })
    .click();
  const notice = page
    .getByRole('region', { name: 'Notices' })
    .getByText('There are as many of these here as are allowed.');
  await expect(notice).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(notice).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Harbour Rowing Club' }).first()).toBeVisible();
});
