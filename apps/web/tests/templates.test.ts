import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { parse, type AST } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

import { en } from '../src/i18n/en';
import { enLater } from '../src/i18n/en-later';

const root = resolve('src');

function filesUnder(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path, ending);
    return ending.test(entry.name) ? [path] : [];
  });
}

interface Node {
  type: string;
  callee?: { name?: string };
  name?: string;
  data?: string;
  value?: unknown;
  [key: string]: unknown;
}

function* nodesOf(node: unknown): Generator<Node> {
  if (Array.isArray(node)) {
    for (const child of node) yield* nodesOf(child);
  } else if (typeof node === 'object' && node !== null) {
    if (typeof (node as Node).type === 'string') yield node as Node;
    for (const [key, child] of Object.entries(node)) if (key !== 'metadata') yield* nodesOf(child);
  }
}

/** Attributes that people read or hear. */
const spoken = new Set([
  'aria-label',
  'aria-description',
  'title',
  'placeholder',
  'alt',
  'label',
  'hint',
  'text',
]);

function literals(fragment: AST.Fragment): string[] {
  const found: string[] = [];
  const inAttribute = new Set<unknown>();
  for (const node of nodesOf(fragment)) {
    if (node.type === 'Attribute') {
      const texts = [...nodesOf(node.value)].filter((part) => part.type === 'Text');
      for (const text of texts) {
        inAttribute.add(text);
        if (spoken.has(node.name ?? '') && /\p{L}/u.test(text.data ?? ''))
          found.push(`${node.name}="${text.data}"`);
      }
      if (node.name === 'style') found.push('a style attribute, which the Content-Security-Policy refuses');
    }
  }
  for (const node of nodesOf(fragment)) {
    if (node.type === 'Text' && !inAttribute.has(node) && /\p{L}/u.test(node.data ?? ''))
      found.push(node.data ?? '');
  }
  return found;
}

/** What is no text for people: errors for developers, types, names of modules. */
function isApart(node: Node): boolean {
  const error = node.type === 'NewExpression' && /(Error|Exception|Failure)$/.test(node.callee?.name ?? '');
  return error || /^(TSLiteralType|ImportDeclaration|ImportExpression|ExportAllDeclaration)$/.test(node.type);
}

function* stringsIn(node: unknown): Generator<string> {
  if (Array.isArray(node)) {
    for (const child of node) yield* stringsIn(child);
  } else if (typeof node === 'object' && node !== null) {
    const { type, value } = node as Node;
    if (typeof type === 'string' && isApart(node as Node)) return;
    if (type === 'Literal' && typeof value === 'string') yield value;
    if (type === 'TemplateElement') yield (value as { cooked?: string }).cooked ?? '';
    for (const [key, child] of Object.entries(node)) if (key !== 'metadata') yield* stringsIn(child);
  }
}

/** Several words in a row, or one with a capital: what is written for people, and not for programs. */
const PROSE = /\p{L}{2,}[,.]? \p{L}{2,}|^\p{Lu}\p{Ll}+[ .!?…]*$/u;
/** Names of keys, of browsers and systems, of headers; selectors and other words of the platform. */
const NAMES =
  /^(Enter|Escape|Backspace|Delete|Home|End|Tab|Shift|Control|Meta|Edge|Opera|Firefox|Chrome|Safari|Android|Windows|Linux|Files|Bearer |footer button)$|[[\](){}<>=#:]|^M[\d. ]/;

function proseIn(path: string): string[] {
  const source = readFileSync(path, 'utf8');
  const root = path.endsWith('.svelte') ? source : `<script lang="ts">\n${source}\n</script>`;
  const { instance, module, fragment } = parse(root, { modern: true });
  return [...stringsIn([instance, module, fragment])].filter((text) => PROSE.test(text) && !NAMES.test(text));
}

describe('code', () => {
  const paths = filesUnder(root, /\.(svelte|ts)$/).filter(
    (path) => !/\.test\.ts$|\.d\.ts$|\/(i18n|dev|generated)\//.test(path),
  );
  it.each(paths.map((path) => [path.slice(root.length + 1), path]))(
    '%s has no text for people outside of the catalogue',
    (_, path) => {
      expect(proseIn(path), 'texts belong into src/i18n').toEqual([]);
    },
  );

  it('is looked at', () => {
    expect(paths.length).toBeGreaterThan(150);
  });
});

describe('styles', () => {
  it('speak of start and end, not of left and right, so that they can be mirrored', () => {
    const physical =
      /^\s*(?:(?:margin|padding|border|inset)-(?:left|right)|left|right|(?:float|clear|text-align):\s*(?:left|right))\b/;
    const found = filesUnder(root, /\.(svelte|css)$/).flatMap((path) => {
      const source = readFileSync(path, 'utf8');
      const style = path.endsWith('.css') ? source : source.slice(source.lastIndexOf('<style'));
      return style
        .split('\n')
        .filter((line) => physical.test(line) || uneven(line))
        .map((line) => `${path.slice(root.length + 1)}: ${line.trim()}`);
    });
    expect(found).toEqual([]);
  });
});

/** A short form with four values of which left and right differ. */
function uneven(line: string): boolean {
  const [, values] = /^\s*(?:margin|padding|inset|border-width):\s*([^;]+);/.exec(line) ?? [];
  if (values === undefined) return false;
  const parts = values.match(/[^\s()]+(?:\((?:[^()]|\([^()]*\))*\))?/g) ?? [];
  return parts.length === 4 && parts[1] !== parts[3];
}

describe('templates', () => {
  it.each(filesUnder(root, /\.svelte$/).map((path) => [path.slice(root.length + 1), path]))(
    '%s shows no text of its own',
    (_, path) => {
      const { fragment } = parse(readFileSync(path, 'utf8'), { modern: true });
      expect(literals(fragment)).toEqual([]);
    },
  );

  it('use every text of the catalogue', () => {
    const source = [...filesUnder(root, /\.(svelte|ts)$/), resolve('manifest.build.ts')]
      .filter((path) => !path.includes('i18n') && !path.includes('.test.'))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const assembled =
      /^(error|upload|unreadable|shortcuts|key|state|presence|role|roles|filter|mute|notice\.(role|trust)|trust\.(state|hint)|details\.(ban|remove)|emoji\.group|emoji\.tone|appearance\.(theme|accent|size|density|wallpaper|contrast)|timer\.unit|poll\.error|later\.error|notifications\.(standing|test)|profile\.ends|report\.(reason|error))\.|^later\.(hour|evening|morning)$|^notice\.(you\.)?history_/;
    // What somebody has done is named by its end: there is a sentence for others, and one for oneself.
    const did = (key: string): boolean => source.includes(`'${key.replace(/^notice\.(you\.)?/, '')}'`);
    const unused = Object.keys({ ...en, ...enLater }).filter(
      (key) =>
        !assembled.test(key) && !source.includes(`'${key}'`) && !(key.startsWith('notice.') && did(key)),
    );
    expect(unused).toEqual([]);
  });
});
