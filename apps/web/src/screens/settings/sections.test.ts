// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { load } from '../../i18n/load';
import { findSettings, sectionOf, sections, sectionsFor } from './sections';

const found = (query: string): string[] =>
  findSettings(query).map(({ section, setting }) => `${section.id}/${setting.id}`);

afterEach(async () => {
  await load('en');
});

describe('settings', () => {
  it('are found by their words, their choices and their section, those with the word in the title first', () => {
    expect(found('')).toEqual([]);
    expect(found('  ')).toEqual([]);
    expect(found('dark')).toEqual(['appearance/theme']);
    expect(found('TEXT size')).toEqual(['appearance/size']);
    expect(found('quiet hours')).toEqual(['notifications/account']);
    expect(found('status')[0]).toBe('account/status');
    expect(found('xyz')).toEqual([]);
    expect(found('sign out')[0]).toBe('account/sign_out');
  });

  it('are found in the language in use, with or without accents', async () => {
    await load('fr');
    expect(found('thème')).toContain('appearance/theme');
    expect(found('theme')).toContain('appearance/theme');
    expect(found('dark')).toEqual([]);
  });

  it('of those who run the server are nobody else’s, and found by nobody else', () => {
    const others = sectionsFor(false);
    expect(sectionsFor(true)).toEqual(sections);
    expect(others.map(({ id }) => id)).not.toContain('reports');
    expect(others.length).toBe(sections.length - 1);
    expect(findSettings('reports', sectionsFor(true)).map(({ section }) => section.id)).toEqual(['reports']);
    expect(findSettings('reports', others)).toEqual([]);
  });

  it('each have a place on their page', () => {
    const folder = resolve('src/screens/settings');
    for (const { id, settings } of sections) {
      const name = `${id.charAt(0).toUpperCase()}${id.slice(1)}Page.svelte`;
      const page = readFileSync(resolve(folder, name), 'utf8');
      for (const setting of settings) expect(page, id).toContain(`data-setting="${setting.id}"`);
    }
  });

  it('open where a menu leads', () => {
    expect(sectionOf('profile')).toBe('account');
    expect(sectionOf('settings')).toBe(null);
    for (const dialog of ['appearance', 'devices', 'notifications'] as const)
      expect(sections.map(({ id }) => id)).toContain(sectionOf(dialog));
  });
});
