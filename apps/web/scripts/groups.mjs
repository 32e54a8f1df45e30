/**
 * What encrypted groups cost in a browser's engine (V8, the one of Chromium): `npm run groups [devices ...]`, after `cargo xtask test` or its build of the module
 * (`src/generated/mls-vectors`). Prints a table.
 */
import { readFileSync } from 'node:fs';

import { initSync, measure } from '../src/generated/mls-vectors/pipit_mls_vectors.js';

const module = readFileSync(
  new URL('../src/generated/mls-vectors/pipit_mls_vectors_bg.wasm', import.meta.url),
);
initSync({ module });
const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : [10, 100, 999];
const rows = sizes.map((devices) => JSON.parse(measure(devices, Date.now())));
const names = Object.keys(rows[0]);
const line = (name) =>
  name.padEnd(24) +
  rows
    .map((row) => String(Number.isInteger(row[name]) ? row[name] : row[name].toFixed(2)).padStart(12))
    .join('');
process.stdout.write(names.map(line).join('\n') + '\n');
