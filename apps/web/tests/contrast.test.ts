import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const css = ['tokens', 'accents'].map((name) => readFileSync(`src/design/${name}.css`, 'utf8')).join('\n');

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
  // Wallpapers are drawn with it, behind what is said between messages.
  ...['--text', '--text-muted', '--accent-text', '--danger'].map((ink): [string, string] => [ink, '--line']),
  ...Array.from({ length: 10 }, (_, tint): [string, string] => [`--tint-${tint}-text`, '--line']),
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

const themes = ['light', 'dark'];
const accents = [...new Set([...css.matchAll(/data-accent='(\w+)'/g)].map((match) => match[1] ?? ''))];
const looks = themes.flatMap((theme) => ['moss', ...accents].map((accent) => [theme, accent] as const));

it('knows every accent', () => {
  expect(accents).toEqual(['sea', 'plum', 'clay', 'slate']);
});

describe.each(looks)('%s, %s', (theme, accent) => {
  const own = accent === 'moss' ? [] : tokensOf(`:root[data-theme='${theme}'][data-accent='${accent}']`);
  const tokens = new Map([...tokensOf(`:root[data-theme='${theme}']`), ...own]);
  const value = (name: string) => tokens.get(name) ?? '';

  it.each(text)('%s on %s can be read (4.5)', (ink, ground) => {
    expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(shapes)('%s on %s can be seen (3)', (ink, ground) => {
    expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(3);
  });
});

describe.each(looks)('%s, %s, more contrast', (theme, accent) => {
  const own = accent === 'moss' ? [] : tokensOf(`:root[data-theme='${theme}'][data-accent='${accent}']`);
  const more = tokensOf(`:root[data-theme='${theme}'][data-contrast='more']`);
  const both =
    accent === 'moss'
      ? []
      : tokensOf(`:root[data-theme='${theme}'][data-accent='${accent}'][data-contrast='more']`);
  const tokens = new Map([...tokensOf(`:root[data-theme='${theme}']`), ...own, ...more, ...both]);
  const value = (name: string) => tokens.get(name) ?? '';

  it.each(['--text', '--text-muted', '--text-faint', '--accent-text'])('%s can be read well (7)', (ink) => {
    expect(contrast(value(ink), value('--surface'))).toBeGreaterThanOrEqual(7);
  });

  it('--bubble-mine-text on --bubble-mine can be read well (7)', () => {
    expect(contrast(value('--bubble-mine-text'), value('--bubble-mine'))).toBeGreaterThanOrEqual(7);
  });
});
