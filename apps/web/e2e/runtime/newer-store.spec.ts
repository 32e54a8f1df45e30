import type { Page } from '@playwright/test';

import { expect, serve, test } from './harness';

/** Says in the database of this origin, which is not sealed yet, that a much later version has written it. */
function makeNewer(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    async function look(folder: FileSystemDirectoryHandle): Promise<boolean> {
      for await (const entry of folder.values()) {
        if (entry.kind === 'directory') {
          if (await look(entry as FileSystemDirectoryHandle)) return true;
          continue;
        }
        const file = entry as FileSystemFileHandle;
        const content = await (await file.getFile()).arrayBuffer();
        const at = new TextDecoder('latin1').decode(content).indexOf('SQLite format 3');
        if (at < 0) continue;
        const version = new DataView(new ArrayBuffer(4));
        version.setUint32(0, 1_000_000);
        const writable = await file.createWritable({ keepExistingData: true });
        // The user version is at 60. <https://www.sqlite.org/fileformat.html#user_version_number>
        await writable.write({ type: 'write', position: at + 60, data: version.buffer });
        await writable.close();
        return true;
      }
      return false;
    }
    return look(await navigator.storage.getDirectory());
  });
}

/** Of each file of this origin that has something in it, how long it is and what it has. */
function kept(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const files: string[] = [];
    async function look(folder: FileSystemDirectoryHandle): Promise<void> {
      for await (const entry of folder.values()) {
        if (entry.kind === 'directory') {
          await look(entry as FileSystemDirectoryHandle);
          continue;
        }
        const content = await (await (entry as FileSystemFileHandle).getFile()).arrayBuffer();
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
        if (content.byteLength > 0) files.push(`${content.byteLength} ${hash.join(' ')}`);
      }
    }
    await look(await navigator.storage.getDirectory());
    return files.sort();
  });
}

test('what a newer version has kept is left alone, and that is said in words', async ({
  app,
  page,
  site,
  tab,
}) => {
  await page.goto(`${site.address}/plain.html`);
  await expect(page).toHaveTitle('written');
  expect(await makeNewer(page)).toBe(true);

  // The first to open it seals it; nobody does more than that.
  const first = await tab();
  await expect.poll(async () => (await first.seen()).statuses.at(-1)).toMatch(/: store_newer$/);
  await first.page.close();
  const before = await kept(page);
  const bytes = before.reduce((sum, file) => sum + parseInt(file), 0);
  expect(bytes).toBeGreaterThan(50_000);

  const { port } = new URL(site.address);
  await site.stop();
  const shipped = await serve(app, Number(port));
  await page.goto(shipped.address);
  await expect(
    page.getByRole('status').filter({ hasText: /comes from a newer version of Pipit/ }),
  ).toBeVisible();
  await expect(page.getByLabel('Username')).toBeHidden();
  expect(await kept(page)).toEqual(before);
  await page.close();
  await shipped.stop();
});
