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
      /^(error|upload|state|presence|role|roles|filter|mute|notice\.role|details\.(ban|remove)|emoji\.group|emoji\.tone|appearance\.(theme|accent|size|density|contrast)|timer\.unit|poll\.error|later\.error|profile\.ends)\.|^later\.(hour|evening|morning)$|^notice\.history_/;
    const unused = Object.keys({ ...en, ...enLater }).filter(
      (key) => !assembled.test(key) && !source.includes(`'${key}'`),
    );
    expect(unused).toEqual([]);
  });
});
