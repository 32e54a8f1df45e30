import entries from 'virtual:emoji';

export interface Emoji {
  emoji: string;
  group: number;
  /** Its name in words. */
  name: string;
  /** What stands between colons, the best known first. */
  codes: readonly string[];
  /** More words that find it. */
  tags: readonly string[];
  /** The same in five skin tones, light to dark; empty where it has none. */
  tones: readonly string[];
}

const words = (text: string): string[] => (text === '' ? [] : text.split(' '));

export const all: readonly Emoji[] = entries.map(([emoji, group, name, codes, tags, ...tones]) => ({
  emoji,
  group,
  name,
  codes: words(codes),
  tags: words(tags),
  tones,
}));

const byCode = new Map(all.flatMap((entry) => entry.codes.map((code) => [code, entry] as const)));
const byEmoji = new Map(
  all.flatMap((entry) => [entry.emoji, ...entry.tones].map((emoji) => [emoji, entry] as const)),
);

export function ofCode(code: string): Emoji | undefined {
  return byCode.get(code.toLowerCase());
}

export function nameOf(emoji: string): string {
  return byEmoji.get(emoji)?.name ?? emoji;
}

/** In the chosen tone, 0 for none. */
export function toned(entry: Emoji, tone: number): string {
  return entry.tones[tone - 1] ?? entry.emoji;
}

/** How well one of its words answers a question: less is better, null is not at all. */
function rank(entry: Emoji, query: string): number | null {
  if (entry.codes.includes(query)) return 0;
  if (entry.codes.some((code) => code.startsWith(query))) return 1;
  if (entry.name.startsWith(query)) return 2;
  if (entry.name.includes(` ${query}`) || entry.codes.some((code) => code.includes(`_${query}`))) return 3;
  if (entry.tags.some((tag) => tag.startsWith(query))) return 4;
  return null;
}

/** The emoji for what was typed, the best first: each of its words has to be found. */
export function find(query: string, most: number): Emoji[] {
  const asked = query.toLowerCase().replace(/[:_]+/g, ' ').trim().split(/\s+/).filter(Boolean);
  if (asked.length === 0) return [];
  const whole = asked.join('_');
  const found: [number, Emoji][] = [];
  for (const entry of all) {
    const direct = rank(entry, whole);
    const ranks = direct === null ? asked.map((word) => rank(entry, word)) : [direct];
    if (ranks.some((value) => value === null)) continue;
    found.push([ranks.reduce<number>((sum, value) => sum + (value ?? 0), 0), entry]);
  }
  return found
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, entry]) => entry);
}
