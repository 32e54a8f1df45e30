import type { SharedCache, Words, WordsPath } from './format';

const CACHE: SharedCache = 'pipit-shared';
const WORDS: WordsPath = '/shared';

/** What another app has handed over. */
export interface Shared {
  readonly text: string;
  readonly files: readonly File[];
}

/** Picks up what waits, once; null where nothing does. */
export async function takeShared(): Promise<Shared | null> {
  const cache = await caches.open(CACHE);
  const answer = await cache.match(WORDS);
  if (answer === undefined) return null;
  const words = (await answer.json()) as Words;
  const files = await Promise.all(
    words.files.map(async ({ path, name }) => {
      const body = await (await cache.match(path))?.blob();
      return body === undefined ? null : new File([body], name, { type: body.type });
    }),
  );
  await caches.delete(CACHE);
  return { text: words.text, files: files.filter((file) => file !== null) };
}
