import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';

import { phone } from './e2e/support/phone';

const chromium: PlaywrightTestConfig['use'] = {
  browserName: 'chromium',
  launchOptions: {
    executablePath: process.env['PIPIT_CHROMIUM'] ?? '/usr/bin/chromium',
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A microphone that beeps, which nobody has to allow.
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  },
};

/** The browser as its maker built it, over WebDriver BiDi. */
const firefox: PlaywrightTestConfig['use'] = {
  browserName: 'firefox',
  channel: 'moz-firefox',
  launchOptions: {
    executablePath: process.env['PIPIT_FIREFOX'] ?? '/usr/bin/firefox-esr',
    firefoxUserPrefs: {
      // Two people have two windows that both have the focus.
      'focusmanager.testmode': true,
      // What shows that something was saved would take the focus.
      'browser.download.alwaysOpenPanel': false,
    },
  },
};

/** Traces cost as much as many tests do: `PIPIT_E2E_TRACE=1` keeps those of what fails. */
const tracing = process.env['PIPIT_E2E_TRACE'] === '1';

const desktop = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };

/**
 * Projects:
 * - `views-*`: every screen and state on the scripted core, which `e2e/support/views.ts` builds and serves.
 * - `runtime`: the worker, its tabs and the service worker, on pages of their own.
 * - `app-*`: the real thing. Each test starts its own `pipit` from `PIPIT_BINARY`, in a folder and on a port of its own.
 * - `firefox`: what people do with the real thing, in the other browser; at night.
 * - `soak`: what the real thing holds on to in memory after a day’s use, and after the next; at night.
 * - `lighthouse`: what Lighthouse says of the real thing; at night, when nothing else runs.
 * - `screenshots`: the pictures of the guide.
 */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/global-setup.ts',
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: Number(process.env['PIPIT_E2E_WORKERS'] ?? 2),
  timeout: 60_000,
  expect: {
    timeout: 10_000,
    // What is new in a tree is a difference, too.
    toMatchAriaSnapshot: { pathTemplate: '{testDir}/trees/{arg}{ext}', children: 'deep-equal' },
    // A shade that nobody asked for is a difference; how another processor rounds, and a few points at the edges of letters, are none.
    toHaveScreenshot: { pathTemplate: '{testDir}/looks/{arg}{ext}', threshold: 0.03, maxDiffPixels: 300 },
  },
  reporter: [['list']],
  use: { trace: tracing ? 'retain-on-failure' : 'off', contextOptions: { reducedMotion: 'reduce' } },
  projects: [
    {
      name: 'views-desktop',
      testDir: 'e2e/views',
      testIgnore: /phone\.spec\.ts/,
      use: { ...chromium, ...desktop },
    },
    {
      name: 'views-phone',
      testDir: 'e2e/views',
      testIgnore: /(keyboard|tree|long)\.spec\.ts/,
      use: { ...chromium, ...phone },
    },
    { name: 'app-chromium', testDir: 'e2e/app', use: { ...chromium, ...desktop } },
    {
      name: 'app-firefox',
      testDir: 'e2e/app',
      testMatch: /two-people\.spec\.ts/,
      use: { ...firefox, viewport: desktop.viewport },
    },
    { name: 'runtime', testDir: 'e2e/runtime', use: { ...chromium, ...desktop } },
    {
      name: 'runtime-firefox',
      testDir: 'e2e/runtime',
      testMatch: /tabs\.spec\.ts/,
      use: { ...firefox, viewport: desktop.viewport },
    },
    {
      name: 'firefox',
      testDir: 'e2e/app',
      // Three speak Chromium's own protocol: for a disk that is full, for what is pushed, and for notifications that are clicked. One runs every time.
      testIgnore: /\/(no-room|notifications|notification-click|two-people)\.spec\.ts/,
      // Only Chromium says whether an app can be installed. Firefox plays nothing, and hears nothing, where the machine has no sound card.
      grepInvert: /@chromium|@sound/,
      use: { ...firefox, viewport: desktop.viewport },
    },
    { name: 'lighthouse', testDir: 'e2e/lighthouse', use: { ...chromium } },
    { name: 'soak', testDir: 'e2e/soak', use: { ...chromium, ...desktop } },
    { name: 'screenshots', testDir: 'e2e/screenshots', use: { ...chromium, ...desktop } },
  ],
});
