// @vitest-environment jsdom
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ariaKeys, isWriting, names, presses, shortcuts, type ShortcutName } from './shortcuts';

const press = (key: string, held: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key, ...held });

describe('a shortcut', () => {
  it.each<[ShortcutName, string, KeyboardEventInit, boolean]>([
    ['search', 'k', { ctrlKey: true }, true],
    ['search', 'K', { metaKey: true }, true],
    ['search', 'k', {}, false],
    ['search', 'k', { ctrlKey: true, shiftKey: true }, false],
    ['search', 'k', { ctrlKey: true, altKey: true }, false],
    ['search', 'k', { ctrlKey: true, metaKey: true }, false],
    ['struck', 'X', { ctrlKey: true, shiftKey: true }, true],
    ['struck', 'x', { ctrlKey: true }, false],
    ['help', '?', { shiftKey: true }, true],
    ['help', '?', {}, true],
    ['help', '/', { ctrlKey: true }, true],
    // On a German keyboard.
    ['help', '/', { ctrlKey: true, shiftKey: true }, true],
    ['help', '/', {}, false],
    ['send', 'Enter', {}, true],
    ['send', 'Enter', { shiftKey: true }, false],
    ['menu', 'F10', { shiftKey: true }, true],
    ['menu', 'ContextMenu', {}, true],
  ])('%s by %s with %o: %s', (name, key, held, expected) => {
    expect(presses(press(key, held), name)).toBe(expected);
  });

  it('says its keys to screen readers', () => {
    expect(ariaKeys('find')).toBe('Control+F Meta+F');
    expect(ariaKeys('struck')).toBe('Control+Shift+X Meta+Shift+X');
  });

  it('is one key at most in its place', () => {
    for (const name of names) {
      const { place, chords } = shortcuts[name];
      const others = names.filter((other) => other !== name && shortcuts[other].place === place);
      for (const chord of chords)
        for (const other of others)
          expect(shortcuts[other].chords, `${name} and ${other}`).not.toContainEqual(chord);
    }
  });

  it('is listened for where it is not the browser’s own', () => {
    const sources = readdirSync(resolve('src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(svelte|ts)$/u.test(path) && !path.startsWith('keys/'))
      .map((path) => readFileSync(resolve('src', path), 'utf8'))
      .filter((source) => source.includes("keys/shortcuts'"))
      .join('\n');
    const unheard = names.filter(
      (name) => shortcuts[name].native !== true && !new RegExp(`'${name}'|\\b${name}: `, 'u').test(sources),
    );
    expect(unheard).toEqual([]);
  });
});

it('knows where somebody writes', () => {
  const made = (html: string): Element | null => {
    document.body.innerHTML = html;
    return document.body.firstElementChild;
  };
  expect(isWriting(made('<textarea></textarea>'))).toBe(true);
  expect(isWriting(made('<input type="search">'))).toBe(true);
  expect(isWriting(made('<input type="checkbox">'))).toBe(false);
  expect(isWriting(made('<button></button>'))).toBe(false);
  expect(isWriting(null)).toBe(false);
});
