import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { en } from '../src/i18n/en';
import { enLater } from '../src/i18n/en-later';

const root = resolve('src');
const later = resolve('src/i18n/later.ts');

function moduleAt(from: string, name: string): string | null {
  if (!name.startsWith('.')) return null;
  const path = resolve(dirname(from), name);
  const found = ['', '.ts', '.svelte.ts', '/index.ts']
    .map((ending) => path + ending)
    .find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  return found !== undefined && /\.(ts|svelte)$/.test(found) ? found : null;
}

const sources = new Map<string, string>();
function sourceOf(path: string): string {
  const known = sources.get(path) ?? readFileSync(path, 'utf8');
  sources.set(path, known);
  return known;
}

function named(path: string, pattern: RegExp): string[] {
  return [...sourceOf(path).matchAll(pattern)]
    .map(([, name]) => moduleAt(path, name ?? ''))
    .filter((module) => module !== null);
}

/** The modules that load together with this one. */
function loadedWith(start: string): Set<string> {
  const seen = new Set([start]);
  for (const path of seen) {
    for (const module of named(path, /^\s*(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm))
      seen.add(module);
  }
  return seen;
}

/** The texts that a module names: whole keys, and beginnings that are completed when it runs. */
function textsOf(path: string, keys: readonly string[]): string[] {
  const source = sourceOf(path);
  const beginnings = [...source.matchAll(/[`']([a-z_]+\.[a-z_.]*)\$\{/g)].map(
    ([, beginning]) => beginning ?? '',
  );
  return keys.filter(
    (key) => source.includes(`'${key}'`) || beginnings.some((beginning) => key.startsWith(beginning)),
  );
}

describe('the catalogue', () => {
  const first = loadedWith(resolve('src/main.ts'));
  const opened = new Set<string>();
  for (const path of new Set([...first, ...opened])) {
    for (const module of named(path, /\bimport\('([^']+)'\)/g)) opened.add(module);
  }
  for (const part of opened) {
    for (const path of loadedWith(part))
      for (const module of named(path, /\bimport\('([^']+)'\)/g)) opened.add(module);
  }
  for (const path of opened) if (/\/(dev|i18n)\//.test(path)) opened.delete(path);

  it('has each text once', () => {
    expect(Object.keys(en).filter((key) => key in enLater)).toEqual([]);
  });

  it('has at hand what the first view says', () => {
    const early = [...first].filter((path) => !path.includes('/i18n/'));
    const missing = early.flatMap((path) =>
      textsOf(path, Object.keys(enLater)).map((key) => `${relative(root, path)}: ${key}`),
    );
    expect(missing, 'texts of the first view belong into en.ts').toEqual([]);
  });

  it('comes in the language in use, too', () => {
    const bare = [...first, ...opened].flatMap((path) =>
      [...sourceOf(path).matchAll(/(\bpart\(\s*)?\bimport\('([^']+\.svelte)'\)/g)]
        .filter(([, wrapped]) => wrapped === undefined)
        .map(([, , name]) => `${relative(root, path)}: ${name}`),
    );
    expect(bare, 'these want part(import(…))').toEqual([]);
  });

  it('comes along with the parts that load later', () => {
    expect(opened.size).toBeGreaterThan(20);
    const without = [...opened].filter((part) => {
      const modules = loadedWith(part);
      return (
        !modules.has(later) && [...modules].some((path) => textsOf(path, Object.keys(enLater)).length > 0)
      );
    });
    expect(
      without.map((path) => relative(root, path)),
      "these want import '…/i18n/later'",
    ).toEqual([]);
  });
});
