import { expect, it } from 'vitest';

import { parseRoute, pathOf } from './router.svelte';

const ID = '0193a000-0002-7000-8000-000000000001';

it.each([
  ['/', '', { name: 'home' }],
  ['/setup', '#abc', { name: 'setup', token: 'abc' }],
  ['/join/', '#a%2Fb', { name: 'join', token: 'a/b' }],
  ['/join', '#%', { name: 'join', token: '' }],
  [`/c/${ID}`, '', { name: 'conversation', id: ID }],
  ['/c/not-an-id', '', { name: 'home' }],
  ['/something/else', '', { name: 'home' }],
])('%s%s', (path, hash, route) => {
  expect(parseRoute(path, hash)).toEqual(route);
});

it('gives the path that leads back', () => {
  expect(pathOf({ name: 'conversation', id: ID })).toBe(`/c/${ID}`);
  expect(pathOf({ name: 'join', token: 'x' })).toBe('/join#x');
});
