import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type Locator, type Page } from '@playwright/test';
import { build, preview, type PreviewServer } from 'vite';

import type { Script } from '../../src/dev/fake-core';

declare global {
  interface Window {
    pipit?: Script;
  }
}

/** The path of a conversation of the scripted world. */
export function room(number: number): string {
  return `/c/0193a000-0002-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

interface Views {
  /** Opens a path on a scene of the scripted core. */
  open(scene: string, path?: string): Promise<void>;
}

async function serve(): Promise<{ server: PreviewServer; address: string }> {
  const server = await preview({ mode: 'views', preview: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
  const at = server.httpServer.address();
  if (at === null || typeof at === 'string') throw new Error('the preview has no address');
  return { server, address: `http://127.0.0.1:${at.port}` };
}

/** Builds the views once a run, in `global-setup.ts`. */
export async function buildViews(): Promise<void> {
  await build({ mode: 'views', logLevel: 'error' });
}

/** A test on the scripted core. It fails on any message of the console, so on any breach of the security policy. */
export const test = base.extend<Views & { quiet: void }, { address: string }>({
  address: [
    // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
    async ({}, use) => {
      const { server, address } = await serve();
      await use(address);
      await server.close();
    },
    { scope: 'worker' },
  ],
  quiet: [
    async ({ page }, use) => {
      const said: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) said.push(message.text());
      });
      page.on('pageerror', (error) => said.push(String(error)));
      await use();
      expect(said, 'the console stays quiet').toEqual([]);
    },
    { auto: true },
  ],
  open: async ({ page, address }, use) => {
    await use(async (scene, path = '/') => {
      const [pathname, hash] = path.split('#');
      await page.goto(`${address}${pathname}?fake=${scene}${hash === undefined ? '' : `#${hash}`}`);
      await page.waitForFunction(() => window.pipit !== undefined);
    });
  },
});

/** The rules of axe that colours alone decide. They take as long as all the others together. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/** Nothing that axe knows of is wrong with the page; colours, which are the same at every width, are looked at on the wide one. */
export async function expectAccessible(page: Page): Promise<void> {
  const builder = new AxeBuilder({ page }).withTags([
    'wcag2a',
    'wcag2aa',
    'wcag21a',
    'wcag21aa',
    'wcag22aa',
    'best-practice',
  ]);
  await expectNothingFound(page, isPhone(page) ? builder.disableRules(colourRules) : builder);
}

/** The looks that a screen takes from the system while it stays open; the first is what it was opened in. */
const otherLooks = [
  { colorScheme: 'dark', contrast: 'no-preference' },
  { colorScheme: 'dark', contrast: 'more' },
  { colorScheme: 'light', contrast: 'more' },
] as const;

/** The same in every look: what does not depend on colours is looked at once, and colours at one width. */
export async function expectAccessibleInEveryLook(page: Page): Promise<void> {
  await expectAccessible(page);
  if (isPhone(page)) return;
  for (const look of otherLooks) {
    await page.emulateMedia(look);
    await expectNothingFound(page, new AxeBuilder({ page }).withRules(colourRules));
  }
  await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference' });
}

/** Colours go over into others, and panes come in, which without motion is short, and takes a frame all the same; the page hears of another look a frame after it was told. */
export async function standsStill(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((seen) => requestAnimationFrame(seen));
    let going: Animation[];
    do {
      await frame();
      await frame();
      going = document
        .getAnimations()
        .filter(
          ({ playState, effect }) =>
            playState === 'running' && effect?.getComputedTiming().endTime !== Infinity,
        );
      // One that is replaced by another, or whose element goes, is over as well.
      await Promise.allSettled(going.map((animation) => animation.finished));
    } while (going.length > 0);
  });
}

/** Goes to the beginning of a timeline, which opens at its end and draws only what is near, until this is on the screen. */
export async function toBeginning(page: Page, until: Locator): Promise<void> {
  await expect(async () => {
    await page.locator('.viewport').evaluate((element) => element.scrollTo(0, 0));
    await expect(until).toBeInViewport({ timeout: 1_000 });
  }).toPass();
}

/** Every picture of the timeline has come. */
export async function picturesCome(page: Page): Promise<void> {
  const all = page.locator('.viewport img');
  const come = () => all.evaluateAll((images) => images.every((one) => (one as HTMLImageElement).complete));
  await expect.poll(come).toBe(true);
}

function isPhone(page: Page): boolean {
  return (page.viewportSize()?.width ?? 0) < 600;
}

/** A text is on the screen, in at least one place. */
export async function seen(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.getByText(text).filter({ visible: true }).first()).toBeVisible();
}

/** Nothing scrolls sideways. */
export async function expectFits(page: Page): Promise<void> {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wider, 'nothing scrolls sideways').toBeLessThanOrEqual(0);
}

async function expectNothingFound(page: Page, builder: AxeBuilder): Promise<void> {
  await standsStill(page);
  // The pages have no frames, so nothing is gathered in a page opened for that.
  const { violations } = await builder.setLegacyMode().analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}\n  ${node.html.slice(0, 200)}\n  ${node.failureSummary ?? ''}`),
  );
  expect(found).toEqual([]);
}

export { expect };
