import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from '@playwright/test';

import { buildInto, expect, serve, test as base, web } from './harness';

/** The real app, as it is shipped. */
const test = base.extend<object, { app: string }>({
  app: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter list
    async ({}, use) => {
      const dist = await buildInto({
        root: web,
        configFile: join(web, 'vite.config.ts'),
        mode: 'production',
      });
      await use(dist);
      rmSync(dist, { recursive: true });
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

/** Waits until the service worker serves the page, which it does from the second visit on. */
async function installed(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const worker = registration.active;
    if (worker?.state === 'activating') {
      await new Promise((resolve) => {
        worker.addEventListener('statechange', resolve, { once: true });
      });
    }
  });
}

test('the app opens without a line, core and all, at any of its paths', async ({ app, page }) => {
  const site = await serve(app);
  await page.goto(site.address);
  await installed(page);
  await site.stop();
  for (const path of ['/', '/join/some-token']) {
    const core = page.waitForEvent('worker');
    await page.goto(site.address + path);
    expect((await core).url()).toContain('/assets/worker-');
    // What the core says first ends the splash.
    await expect(page.getByRole('main').or(page.getByRole('heading')).first()).toBeVisible();
  }
});

test('data is never kept beside the core', async ({ app, page }) => {
  const site = await serve(app);
  await page.goto(site.address);
  await installed(page);
  await page.reload();
  await expect.poll(() => site.asked).toContain('GET /v1/server');
  const kept = await page.evaluate(async () => {
    const paths: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) paths.push(new URL(url).pathname);
    }
    return paths;
  });
  expect(kept.filter((path) => path.startsWith('/v1'))).toEqual([]);
  expect(kept).toContain('/');
  for (const kind of [/worker-.*\.js$/, /\.wasm$/, /index-.*\.css$/]) {
    expect(kept.filter((path) => kind.test(path)).length).toBeGreaterThan(0);
  }
  await site.stop();
});

test('a new version waits until it is wanted, then replaces the old one as a whole', async ({
  app,
  page,
}) => {
  const site = await serve(app);
  await page.goto(site.address);
  await installed(page);
  const names = (): Promise<string[]> => page.evaluate(() => caches.keys());
  const before = await names();
  expect(before).toHaveLength(1);

  const script = join(app, 'sw.js');
  const current = readFileSync(script, 'utf8');
  writeFileSync(script, current.replace(/(version[^0-9a-f]+)[0-9a-f]{16}/, '$1fedcba9876543210'));
  try {
    await page.reload();
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    await expect(page.getByRole('button', { name: 'Reload' })).toBeVisible();
    expect(await names()).toHaveLength(2);
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload' }).click()]);
    await expect.poll(names).toEqual(['pipit-shell-fedcba9876543210']);
  } finally {
    writeFileSync(script, current);
    await site.stop();
  }
});
