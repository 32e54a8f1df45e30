import { describe, expect, it } from 'vitest';

import type { Splice } from '../generated/types';
import { applySplices, countPrepended } from './splice';

/** A small generator with a seed, so that a failing run can be repeated. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The plainest reading of what a splice says. */
function model<T>(list: T[], splice: Splice<T>): T[] {
  return [...list.slice(0, splice.at), ...splice.insert, ...list.slice(splice.at + splice.remove)];
}

describe('applySplices', () => {
  it('gives what one splice after the other gives, for any row of them', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const random = randomOf(seed);
      let list: number[] = Array.from({ length: random(20) }, (_, index) => index);
      const splices: Splice<number>[] = [];
      let expected = list;
      for (let i = random(8); i > 0; i -= 1) {
        const at = random(expected.length + 1);
        const remove = random(expected.length - at + 1);
        const insert = Array.from({ length: random(5) }, () => random(1_000));
        splices.push({ at, remove, insert });
        expected = model(expected, { at, remove, insert });
      }
      list = applySplices(list, splices);
      expect(list, `seed ${seed}`).toEqual(expected);
    }
  });

  it('gives the same, all at once or one by one', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = randomOf(seed);
      const start = Array.from({ length: 10 }, (_, index) => index);
      const splices = Array.from({ length: 5 }, () => ({
        at: random(5),
        remove: random(3),
        insert: [random(100)],
      }));
      const oneByOne = splices.reduce<number[]>((list, splice) => applySplices(list, [splice]), start);
      expect(applySplices(start, splices), `seed ${seed}`).toEqual(oneByOne);
    }
  });

  it('leaves the list that it was given alone', () => {
    const list = Object.freeze([1, 2, 3]);
    expect(applySplices(list, [{ at: 0, remove: 3, insert: [] }])).toEqual([]);
    expect(list).toEqual([1, 2, 3]);
  });

  it('cuts a splice that goes beyond the end', () => {
    expect(applySplices([1, 2], [{ at: 1, remove: 9, insert: [5] }])).toEqual([1, 5]);
    expect(applySplices([1], [{ at: 7, remove: 0, insert: [2] }])).toEqual([1, 2]);
  });
});

describe('countPrepended', () => {
  const key = (item: string) => item;

  it.each([
    [['c', 'd'], ['a', 'b', 'c', 'd'], 2],
    [['c', 'd'], ['c', 'd', 'e'], 0],
    [['c', 'd'], ['b', 'c', 'd', 'e'], 1],
    [[], ['a'], 0],
    [['gone', 'd'], ['a', 'd'], 0],
  ])('%j to %j: %i', (previous, next, count) => {
    expect(countPrepended<string>(previous, next, key)).toBe(count);
  });
});
