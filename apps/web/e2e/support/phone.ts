import { devices, expect, type Locator, type Page } from '@playwright/test';

const { userAgent: _agent, defaultBrowserType: _type, ...pixel } = devices['Pixel 7'];
/** As many points as a phone has, each drawn once: what is looked at does not depend on more. */
export const phone = {
  ...pixel,
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 1,
  locale: 'en-GB',
};

/** Where something is once it stands still: lists go on moving while their rows are being measured. */
export async function standing(
  on: Locator,
): Promise<{ x: number; y: number; width: number; height: number }> {
  let box = await on.boundingBox();
  await expect(async () => {
    const before = box;
    await on.evaluate(async () => {
      for (let frame = 0; frame < 3; frame += 1)
        await new Promise((resolve) => requestAnimationFrame(resolve));
    });
    box = await on.boundingBox();
    expect(box).toEqual(before);
  }).toPass();
  if (box === null) throw new Error('what is pressed is not on the screen');
  return box;
}

/** Rests a finger on something until what that opens has come. Where the browser takes no fingers from a test, it is what the other button of a mouse does. */
export async function longPress(page: Page, on: Locator, opens: Locator): Promise<void> {
  await on.scrollIntoViewIfNeeded();
  await expect(on).toBeInViewport();
  const box = await standing(on);
  if (page.context().browser()?.browserType().name() !== 'chromium') {
    await on.click({ button: 'right', position: { x: box.width / 3, y: box.height / 2 } });
    await expect(opens).toBeVisible();
    return;
  }
  const touch = await page.context().newCDPSession(page);
  const touchPoints = [{ x: box.x + box.width / 3, y: box.y + box.height / 2 }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
  await expect(opens).toBeVisible();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await touch.detach();
}

/** Draws a finger over something, in steps from its middle, and says what is to be seen before it is lifted. */
export async function swipe(
  page: Page,
  on: Locator,
  by: { x: number; y: number },
  held: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await on.scrollIntoViewIfNeeded();
  const box = await standing(on);
  const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const touch = await page.context().newCDPSession(page);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [from] });
  const steps = 8;
  for (let step = 1; step <= steps; step += 1) {
    const touchPoints = [{ x: from.x + (by.x * step) / steps, y: from.y + (by.y * step) / steps }];
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints });
  }
  await held();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await touch.detach();
}

/** Puts two fingers beside the middle of something, and draws them apart or together: so far they are from each other. */
export async function pinch(
  page: Page,
  on: Locator,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const box = await standing(on);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const fingers = (apart: number) => [-1, 1].map((side, id) => ({ id, x: x + (side * apart) / 2, y }));
  const touch = await page.context().newCDPSession(page);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(from) });
  const steps = 8;
  for (let step = 1; step <= steps; step += 1) {
    const touchPoints = fingers(from + ((to - from) * step) / steps);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints });
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await touch.detach();
}
