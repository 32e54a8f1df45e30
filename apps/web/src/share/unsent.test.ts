import { expect, it } from 'vitest';

import type { Unsent } from '../generated/types';
import { putAside } from './unsent';

const written = (message: string, conversation: string, rest: Partial<Unsent> = {}): Unsent => ({
  message,
  conversation,
  name: 'Birds',
  removed: true,
  encrypted: false,
  text: message,
  files: 0,
  ...rest,
});

it('shows one conversation at a time, with all that was written there', () => {
  expect(putAside([])).toBeNull();
  const all = [
    written('a heron', 'birds'),
    written('honey', 'bees', { name: 'Bees', removed: false }),
    written('', 'birds', { files: 2 }),
    written('two herons', 'birds', { files: 1 }),
  ];
  expect(putAside(all)).toEqual({
    messages: ['a heron', '', 'two herons'],
    why: 'You were removed from “Birds”.',
    text: 'a heron\ntwo herons',
    files: [],
    lost: 3,
    encrypted: false,
  });
  expect(putAside(all.slice(1, 2))?.why).toBe('You are no longer in “Bees”.');
});

it('says why, also where the conversation has no name', () => {
  const why = (removed: boolean) => putAside([written('x', 'c', { name: '', removed })])?.why;
  expect([why(true), why(false)]).toEqual([
    'You were removed from a conversation.',
    'You are not in this conversation.',
  ]);
});

it('is encrypted where any of it was', () => {
  const encrypted = (...all: boolean[]) =>
    putAside(all.map((each) => written('x', 'birds', { encrypted: each })))?.encrypted;
  expect([encrypted(false, false), encrypted(false, true), encrypted(true)]).toEqual([false, true, true]);
});
