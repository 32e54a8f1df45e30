import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import type { Plugin } from 'vite';

/** Builds `src/sw.ts` as `/sw.js`, with the list of everything else that the build has made. */
export function serviceWorker(): Plugin {
  let publicFolder = '';
  return {
    name: 'pipit:service-worker',
    apply: 'build',
    enforce: 'post',
    config: () => ({
      build: {
        rolldownOptions: {
          input: { index: 'index.html', sw: 'src/sw.ts' },
          output: {
            entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
          },
        },
      },
    }),
    configResolved: ({ publicDir }) => {
      publicFolder = publicDir;
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle['sw.js'];
        if (worker?.type !== 'chunk') this.error('the build has no service worker');
        // It is no module: browsers would refuse it, and the app would open without it.
        if (worker.imports.length > 0) this.error(`the service worker shares ${worker.imports.join(', ')}`);
        const hash = createHash('sha256');
        const hashed: string[] = [];
        const plain = ['/'];
        for (const [path, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
          hash.update(path);
          hash.update(file.type === 'chunk' ? file.code : file.source);
          if (path.startsWith('assets/')) {
            if (!path.endsWith('.map')) hashed.push(`/${path}`);
          } else if (path !== 'sw.js' && !path.endsWith('.html')) plain.push(`/${path}`);
        }
        for (const path of publicFiles(publicFolder)) {
          hash.update(path);
          hash.update(readFileSync(join(publicFolder, path)));
          plain.push(`/${path}`);
        }
        const shell = { version: hash.digest('hex').slice(0, 16), hashed, plain };
        const placed = worker.code.replace(/(["'`])__SHELL__\1/, () => JSON.stringify(JSON.stringify(shell)));
        if (placed === worker.code) this.error('the service worker has no place for the list of files');
        worker.code = placed;
      },
    },
  };
}

function publicFiles(folder: string): string[] {
  if (folder === '') return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
