import type { Page } from '@playwright/test';

import { expect, test } from './harness';

/** Which of these words the files of this origin have, and how many bytes were looked through. */
async function kept(page: Page, words: readonly string[]): Promise<{ found: string[]; bytes: number }> {
  return page.evaluate(async (wanted) => {
    const found = new Set<string>();
    let bytes = 0;
    async function look(folder: FileSystemDirectoryHandle): Promise<void> {
      for await (const entry of folder.values()) {
        if (entry.kind === 'directory') {
          await look(entry as FileSystemDirectoryHandle);
          continue;
        }
        const content = await (await (entry as FileSystemFileHandle).getFile()).arrayBuffer();
        bytes += content.byteLength;
        const text = new TextDecoder('latin1').decode(content);
        for (const word of wanted) if (text.includes(word)) found.add(word);
      }
    }
    await look(await navigator.storage.getDirectory());
    return { found: [...found], bytes };
  }, words);
}

// What stands at the beginning of every database, how tables are described, and what somebody wrote.
const WORDS = ['SQLite format 3', 'CREATE TABLE', 'marzipan', 'alice'];

test('what this device keeps is not to be read in its files', async ({ tab }) => {
  const alice = await tab();
  await alice.signUp();
  await expect.poll(async () => (await alice.seen()).session?.state).toBe('signed_in');
  const group = await alice.openGroup();
  await alice.write(group, 'marzipan under the stairs');
  await expect.poll(() => alice.texts()).toEqual(['marzipan under the stairs']);
  const { found, bytes } = await kept(alice.page, WORDS);
  expect(found).toEqual([]);
  expect(bytes).toBeGreaterThan(50_000);
});

test('a store that was not sealed is sealed, and nothing of it is lost', async ({ tab, site, context }) => {
  const before = await context.newPage();
  await before.goto(`${site.address}/plain.html`);
  await expect(before).toHaveTitle('written');
  expect((await kept(before, WORDS)).found).toEqual(WORDS);
  await before.close();

  const alice = await tab();
  await expect.poll(async () => (await alice.seen()).session?.state).toBe('signed_in');
  const [group] = (await alice.seen()).conversations;
  await alice.send({ type: 'open_timeline', conversation: group?.id ?? '' });
  await expect.poll(() => alice.texts()).toEqual(['marzipan under the stairs']);
  expect((await kept(alice.page, WORDS)).found).toEqual([]);
});

test('without its key the store is not opened, and that is said', async ({ tab, page, site }) => {
  const alice = await tab();
  await alice.signUp();
  await expect.poll(async () => (await alice.seen()).session?.state).toBe('signed_in');
  await alice.page.close();
  await page.goto(`${site.address}/plain.html`);
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const gone = indexedDB.deleteDatabase('pipit-key');
        gone.onsuccess = () => {
          resolve();
        };
        gone.onerror = () => {
          reject(new Error('the key stays'));
        };
      }),
  );
  await page.close();
  const again = await tab();
  await expect.poll(async () => (await again.seen()).statuses.at(-1)).toMatch(/: store_corrupt$/);
});
