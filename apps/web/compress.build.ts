import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

import type { Plugin } from 'vite';

const compress = promisify(brotliCompress);

/** What Brotli makes smaller; pictures and fonts are compressed already. */
const compressible = /\.(?:css|html|js|json|svg|wasm|webmanifest)$/;

/** Leaves a `.br` beside each file that gets smaller by it: the server has it in the binary and compresses nothing itself. */
export function brotli(): Plugin {
  let folder = '';
  return {
    name: 'pipit:brotli',
    apply: 'build',
    enforce: 'post',
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile() && compressible.test(entry.name));
        await Promise.all(files.map((entry) => compressBeside(join(entry.parentPath, entry.name))));
      },
    },
  };
}

async function compressBeside(path: string): Promise<void> {
  const plain = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const small = await compress(plain, { params });
  if (small.length < plain.length) await writeFile(`${path}.br`, small);
}
