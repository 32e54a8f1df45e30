import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from '../support/app';

/** Script and style, as they travel, before the core. */
const FIRST_LOAD_BYTES_MAX = 120 * 1_024;

test('the first load is small, and breaks no rule of the security policy', async ({ person }) => {
  const ada = await person('Ada');
  const said: string[] = [];
  ada.context.on('console', (message) => {
    if (message.type() === 'error') said.push(message.text());
  });
  await ada.setUp('Harbour');
  await ada.close();
  await ada.open();
  await expect(ada.page.getByText('It is quiet here')).toBeVisible();
  // The shell may come from the service worker: what it weighs is asked of the server.
  const paths = await ada.page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((entry) => new URL(entry.name).pathname)
      .filter((path) => /\.(js|css)$/.test(path)),
  );
  expect(paths.length).toBeGreaterThan(1);
  const sizes = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      const answer = await fetch(new URL(path, ada.server.address), { headers: { 'Accept-Encoding': 'br' } });
      await answer.arrayBuffer();
      return { path, bytes: Number(answer.headers.get('content-length')) };
    }),
  );
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
  expect(said).toEqual([]);
});

test('the scripted core is not in what is shipped', () => {
  const scripts = readdirSync('dist/assets').filter((name) => name.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(5);
  for (const name of scripts) {
    expect(readFileSync(`dist/assets/${name}`, 'utf8').includes('Kitchen garden'), name).toBe(false);
  }
});
