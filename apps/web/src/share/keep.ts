import type { SharedCache, Words, WordsPath } from './format';

const CACHE: SharedCache = 'pipit-shared';
const WORDS: WordsPath = '/shared';
/** The most files that are taken at once: more than a message can have, which the composer then says. */
const FILES_MAX = 100;
/** The longest text that is taken, in characters. */
const TEXT_MAX = 200_000;

/** Keeps what a form of the manifest's `share_target` has. What was there before and was not picked up is gone. */
export async function keepShared(form: FormData): Promise<void> {
  await caches.delete(CACHE);
  const cache = await caches.open(CACHE);
  const given = form.getAll('files').filter((entry) => entry instanceof File);
  const files = given
    .filter(({ size }) => size > 0)
    .slice(0, FILES_MAX)
    .map((file, index) => ({ file, path: `${WORDS}/${index}` }));
  const said = ['title', 'text', 'url']
    .map((name) => form.get(name))
    .filter((each) => typeof each === 'string');
  const words: Words = {
    text: textOf(said).slice(0, TEXT_MAX),
    files: files.map(({ path, file: { name } }) => ({ path, name })),
  };
  await Promise.all(files.map(({ path, file }) => cache.put(path, new Response(file))));
  await cache.put(WORDS, Response.json(words));
}

/** Title, text and address, one below the other, each once: many apps put the address into the text as well. */
export function textOf(said: readonly string[]): string {
  const lines: string[] = [];
  for (const each of said.map((line) => line.trim())) {
    if (each !== '' && !lines.some((line) => line.includes(each))) lines.push(each);
  }
  return lines.join('\n');
}
