import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const css = readFileSync('src/design/tokens.css', 'utf8');

/** The tokens of the first rule with this selector in it. */
function tokensOf(selector: string): Map<string, string> {
  const start = css.indexOf('{', css.indexOf(selector));
  const body = css.slice(start, css.indexOf('}', start));
  return new Map(
    [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
}

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const parts = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (parts[0] ?? 0) + 0.7152 * (parts[1] ?? 0) + 0.0722 * (parts[2] ?? 0);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

const text: [string, string][] = [
  ...['--canvas', '--surface', '--raised', '--accent-soft'].flatMap((ground): [string, string][] =>
    ['--text', '--text-muted', '--accent-text', '--danger'].map((ink) => [ink, ground]),
  ),
  ['--text-faint', '--canvas'],
  ['--text-faint', '--raised'],
  ['--text-faint', '--bubble-other'],
  ['--text-faint', '--sunken'],
  ['--on-accent', '--accent'],
  ['--on-accent', '--accent-hover'],
  ['--on-danger', '--danger'],
  ['--on-danger', '--danger-hover'],
  ['--danger', '--danger-soft'],
  ['--warn', '--warn-soft'],
  ['--accent-text', '--note-soft'],
  ...['word', 'name', 'title', 'string', 'number', 'attr', 'comment'].map((kind): [string, string] => [
    `--code-${kind}`,
    '--code-ground',
  ]),
  ['--danger', '--code-ground'],
  ['--mention-text', '--mention'],
  ['--bubble-mine-text', '--bubble-mine'],
  ['--bubble-mine-meta', '--bubble-mine'],
  ['--bubble-mine-read', '--bubble-mine'],
  ...Array.from({ length: 10 }, (_, tint): [string, string] => [`--tint-${tint}-text`, `--tint-${tint}`]),
  ...Array.from({ length: 10 }, (_, tint): [string, string] => [`--tint-${tint}-text`, '--canvas']),
];
const shapes: [string, string][] = [
  ['--line-strong', '--raised'],
  ['--line-strong', '--surface'],
  ['--focus', '--surface'],
  ['--focus', '--canvas'],
  ['--online', '--surface'],
];

describe.each([
  ['light', ":root[data-theme='light']"],
  ['dark', ":root[data-theme='dark']"],
])('%s', (_, selector) => {
  const tokens = tokensOf(selector);
  const value = (name: string) => tokens.get(name) ?? '';

  it.each(text)('%s on %s can be read (4.5)', (ink, ground) => {
    expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(shapes)('%s on %s can be seen (3)', (ink, ground) => {
    expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(3);
  });
});

it('says the same where dark is chosen and where the device asks for it', () => {
  const chosen = tokensOf(":root[data-theme='dark']");
  expect([...tokensOf(":root:not([data-theme='light'])")]).toEqual([...chosen]);
});
