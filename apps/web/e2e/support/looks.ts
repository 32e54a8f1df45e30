import type { Page } from '@playwright/test';

import { expect, standsStill, test as base } from './views';

const NOW = new Date('2026-05-16T11:20:00Z');
/** Just wide enough for three panes: these pictures are in the repository. */
const wide = { width: 1152, height: 720 };

const looks = {
  light: { colorScheme: 'light', contrast: 'no-preference' },
  dark: { colorScheme: 'dark', contrast: 'no-preference' },
  contrast: { colorScheme: 'light', contrast: 'more' },
} as const;

export const isPhone = (page: Page) => (page.viewportSize()?.width ?? 0) < 600;

/** A timeline that is at its end may be a part of a point away from it, by what lines measured at first: that moves all letters by one. */
function endIsTheEnd(): void {
  for (const pane of document.querySelectorAll('.viewport')) {
    const left = pane.scrollHeight - pane.clientHeight - pane.scrollTop;
    if (left < 3) pane.scrollTo(0, pane.scrollHeight);
  }
}

/**
 * A test that compares a screen with its pictures, in the folder `e2e/views/looks`. After a change that is meant,
 * `npx playwright test --project=views-desktop --project=views-phone e2e/views/looks --update-snapshots` draws them anew: look
 * at each. They are drawn with the fonts that `cargo xtask setup` installs, at a time that is fixed.
 */
export const test = base.extend<{ looksRight: (name: string) => Promise<void> }>({
  timezoneId: 'UTC',
  /** The screen as it is, in every look: it stays open, and takes each of them on. */
  looksRight: async ({ page }, use) => {
    await page.clock.setFixedTime(NOW);
    if (!isPhone(page)) await page.setViewportSize(wide);
    await use(async (name) => {
      const width = isPhone(page) ? 'phone' : 'wide';
      for (const [look, media] of Object.entries(looks)) {
        await page.emulateMedia(media);
        const html = page.locator('html');
        await expect(html).toHaveAttribute('data-theme', media.colorScheme);
        await expect(html).toHaveAttribute('data-contrast', media.contrast === 'more' ? 'more' : 'normal');
        await page.evaluate(endIsTheEnd);
        await standsStill(page);
        await expect.soft(page).toHaveScreenshot(`${name}-${width}-${look}.png`);
      }
    });
  },
});
