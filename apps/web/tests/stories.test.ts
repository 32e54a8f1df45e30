import { readdirSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

/** Those that only stand where another part puts them. */
const WITHIN = ['AvatarPicture', 'PartFailed'];

it('every part of the design system has its place on the page that shows them', () => {
  const page = readFileSync('src/dev/design/Design.svelte', 'utf8');
  const parts = readdirSync('src/components').flatMap((name) => /^(\w+)\.svelte$/.exec(name)?.[1] ?? []);
  expect(parts.length).toBeGreaterThan(15);
  const missing = parts.filter((part) => !WITHIN.includes(part) && !page.includes(`<${part}`));
  expect(missing).toEqual([]);
});
