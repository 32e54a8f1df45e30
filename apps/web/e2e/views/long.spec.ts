import type { Page } from '@playwright/test';

import { expect, room, test } from '../support/views';

/**
 * A conversation of 100,000 messages, of which ten thousand come at a time. What is asked for is a ratio, or something that
 * may not be there at all: an absolute time says how busy the machine is.
 */

const TYPED = 40;
const SCREENS = 100;

/** The processor's time of the page for a letter, in milliseconds: the middle of several. */
async function typing(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000;
  };
  const composer = page.getByRole('textbox', { name: /Message to/ });
  await composer.focus();
  await page.keyboard.type('warm ');
  const each: number[] = [];
  for (let letter = 0; letter < TYPED; letter += 1) {
    const before = await spent();
    await page.keyboard.type(letter % 6 === 5 ? ' ' : 'w');
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
    each.push((await spent()) - before);
  }
  await session.detach();
  return each.sort((one, other) => one - other)[TYPED / 2] ?? 0;
}

test('a letter costs the same with ten thousand messages loaded', async ({ page, open }, info) => {
  await open('full', room(1));
  await expect(page.getByRole('listitem', { name: /^You, See you at the pier/ })).toBeVisible();
  const few = await typing(page);
  await open('long', room(1));
  await expect(page.getByRole('listitem', { name: /Line 100000/ })).toBeVisible();
  const many = await typing(page);
  info.annotations.push({ type: 'ms a letter', description: `${few.toFixed(1)}, ${many.toFixed(1)}` });
  expect(many, `${few} ms with few`).toBeLessThan(few * 2 + 4);
});

test('a hundred thousand messages scroll without an empty screen', async ({ page, open }, info) => {
  test.setTimeout(120_000);
  await open('long', room(1));
  const lines = page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
  await expect(lines.filter({ hasText: 'Line 100000' })).toBeVisible();
  // All of it, ten thousand at a time.
  await expect(async () => {
    await page.locator('.viewport').evaluate((viewport) => viewport.scrollTo(0, 0));
    await expect(page.getByText('This is the beginning')).toBeInViewport({ timeout: 500 });
  }).toPass();
  const seen = await page.locator('.viewport').evaluate(async (viewport, screens) => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    const box = viewport.getBoundingClientRect();
    let empty = 0;
    let rowsMax = 0;
    for (let screen = 0; screen < screens; screen += 1) {
      viewport.scrollBy(0, box.height);
      // Drawn in the frame that follows, and looked at in the one after it.
      await frame();
      await frame();
      const rows = [...viewport.querySelectorAll('[role="listitem"], li')].map((row) =>
        row.getBoundingClientRect(),
      );
      const covered = rows.reduce(
        (sum, { top, bottom }) => sum + Math.max(0, Math.min(bottom, box.bottom) - Math.max(top, box.top)),
        0,
      );
      if (covered < box.height / 2) empty += 1;
      rowsMax = Math.max(rowsMax, rows.length);
    }
    return { empty, rowsMax };
  }, SCREENS);
  info.annotations.push({ type: 'rows at most', description: String(seen.rowsMax) });
  expect(seen.empty).toBe(0);
  expect(seen.rowsMax, 'rows that are drawn').toBeLessThan(200);
  const top = await lines.first().getAttribute('aria-label');
  expect(Number(/Line (\d+)/.exec(top ?? '')?.[1]), 'it got somewhere').toBeGreaterThan(500);
});
