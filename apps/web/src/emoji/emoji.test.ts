import { describe, expect, it } from 'vitest';

import { all, find, nameOf, ofCode, toned } from './emoji';

const first = (query: string) => find(query, 1)[0]?.emoji;

describe('emoji', () => {
  it('are all there, each once, without the parts of others', () => {
    expect(all.length).toBeGreaterThan(1_800);
    expect(new Set(all.map(({ emoji }) => emoji)).size).toBe(all.length);
    expect(all.every(({ group, name, codes }) => group !== 2 && name !== '' && codes.length > 0)).toBe(true);
  });

  it.each([
    ['thumbsup', '👍️'],
    ['+1', '👍️'],
    ['tada', '🎉'],
    ['party pop', '🎉'],
    ['finland', '🇫🇮'],
    ['HEART', '❤️'],
  ])('%j finds %s first', (query, emoji) => {
    expect(first(query)?.replaceAll('\uFE0F', '')).toBe(emoji.replaceAll('\uFE0F', ''));
  });

  it('finds nothing for nothing, and nothing for nonsense', () => {
    expect(find('  ', 5)).toEqual([]);
    expect(find('qqqqzz', 5)).toEqual([]);
  });

  it('knows short codes and five tones', () => {
    const wave = ofCode('wave');
    expect(wave?.tones).toEqual(['👋🏻', '👋🏼', '👋🏽', '👋🏾', '👋🏿']);
    expect(wave && toned(wave, 5)).toBe('👋🏿');
    expect(wave && toned(wave, 0)).toBe('👋');
    expect(nameOf('👋🏿')).toBe('waving hand');
  });
});
