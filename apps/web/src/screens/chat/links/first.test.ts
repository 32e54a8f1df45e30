import { describe, expect, it } from 'vitest';

import { firstLink, hostOf } from './first';

describe('firstLink', () => {
  it.each([
    ['see https://a.example/tides, please', 'https://a.example/tides'],
    ['(https://a.example/b)', 'https://a.example/b'],
    ['https://a.example/wiki/Tide_(sea)', 'https://a.example/wiki/Tide_(sea)'],
    ['**http://a.example/x?y=1&z=2#w**', 'http://a.example/x?y=1&z=2#w'],
    ['[words](https://a.example/c) and https://b.example', 'https://a.example/c'],
    ['HTTPS://A.example/d!', 'HTTPS://A.example/d'],
    ['nothing here', null],
    ['ftp://a.example', null],
    ['https://', null],
    ['javascript:https//x', null],
  ])('finds it in %s', (text, link) => {
    expect(firstLink(text)).toBe(link);
  });
});

describe('hostOf', () => {
  it('says where a link leads, whatever it pretends', () => {
    expect(hostOf('https://www.bank.example@evil.example/bank.example')).toBe('evil.example');
    expect(hostOf('https://www.a.example/b')).toBe('a.example');
  });
});
