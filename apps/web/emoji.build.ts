import type { Plugin } from 'vite';

import compact from 'emojibase-data/en/compact.json' with { type: 'json' };
import github from 'emojibase-data/en/shortcodes/github.json' with { type: 'json' };
import words from 'emojibase-data/en/shortcodes/emojibase.json' with { type: 'json' };

interface Entry {
  hexcode: string;
  unicode: string;
  label: string;
  group?: number;
  order?: number;
  tags?: string[];
  skins?: { hexcode: string; unicode: string }[];
}

/** Parts of others, such as skin tones: never shown alone. */
const COMPONENTS = 2;
const TONES = ['1F3FB', '1F3FC', '1F3FD', '1F3FE', '1F3FF'];

function codesOf(hexcode: string): string[] {
  const found = [github, words].flatMap((set) => (set as Record<string, string | string[]>)[hexcode] ?? []);
  return [...new Set(found)];
}

/** The five tones of an emoji that has them; those of two people with different tones are left out. */
function tonesOf(entry: Entry): string[] {
  return TONES.flatMap((tone) => {
    const found = entry.skins?.find(
      ({ hexcode }) =>
        hexcode.split('-').includes(tone) &&
        !TONES.some((other) => other !== tone && hexcode.includes(other)),
    );
    return found === undefined ? [] : [found.unicode];
  });
}

function entries(): unknown[] {
  return (compact as Entry[])
    .filter((entry) => entry.group !== undefined && entry.group !== COMPONENTS)
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((entry) => {
      const codes = codesOf(entry.hexcode);
      const known = new Set([...codes, ...entry.label.toLowerCase().split(/[\s:]+/)]);
      const tags = (entry.tags ?? []).filter((tag) => !known.has(tag));
      return [entry.unicode, entry.group, entry.label, codes.join(' '), tags.join(' '), ...tonesOf(entry)];
    });
}

const NAME = 'virtual:emoji';

/** The emoji that the picker and the completion need, cut from the data package to a fifth of it. */
export function emojiData(): Plugin {
  return {
    name: 'pipit:emoji',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) =>
      id === `\0${NAME}`
        ? `export default JSON.parse(${JSON.stringify(JSON.stringify(entries()))});`
        : undefined,
  };
}
