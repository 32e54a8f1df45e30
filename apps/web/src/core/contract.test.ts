import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, it } from 'vitest';

import { PROTOCOL } from './contract';

it('names the version of the protocol that the core speaks', () => {
  const wire = readFileSync(resolve('../../crates/wire/src/lib.rs'), 'utf8');
  expect(/PROTOCOL_VERSION: u32 = (\d+);/.exec(wire)?.[1]).toBe(String(PROTOCOL));
});
