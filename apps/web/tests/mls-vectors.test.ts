import { readFileSync } from 'node:fs';
import { beforeAll, expect, test, vi } from 'vitest';

import { initSync, run } from '../src/generated/mls-vectors/pipit_mls_vectors';

/** The test vectors of RFC 9420 in the engine of a browser, with the clock of the summer in which they were made. See `crates/mls-vectors`. */

const read = (path: string): Buffer => readFileSync(new URL(path, import.meta.url));

beforeAll(() => {
  initSync({ module: read('../src/generated/mls-vectors/pipit_mls_vectors_bg.wasm') });
});

test.each([
  ['passive-client-welcome', 16],
  ['passive-client-handling-commit', 26],
])('%s', (name, count) => {
  vi.useFakeTimers({ now: new Date('2023-12-24'), toFake: ['Date'] });
  const vectors = read(`../../../crates/mls-vectors/vectors/${name}.json`);
  expect(run(vectors.toString())).toBe(count);
  vi.useRealTimers();
});

test('a vector that OpenMLS does not come to fails', () => {
  const [first] = JSON.parse(
    read('../../../crates/mls-vectors/vectors/passive-client-welcome.json').toString(),
  ) as { initial_epoch_authenticator: string }[];
  const other = { ...first, initial_epoch_authenticator: '00' };
  expect(() => run(JSON.stringify([other]))).toThrow('vector 0: after joining');
});
