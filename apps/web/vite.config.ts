import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

import { brotli } from './compress.build.ts';
import { emojiData } from './emoji.build.ts';
import { appManifest } from './manifest.build.ts';
import { serviceWorker } from './service-worker.build.ts';

/** What the server sends with every page: the preview sends it too, so that the tests meet it. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "manifest-src 'self'",
  "object-src 'none'",
].join('; ');

export default defineConfig(({ mode, command }) => {
  // The scripted core is for development and tests: the production build drops it.
  const scripted = mode === 'views' || mode === 'test' || command === 'serve';
  return {
    plugins: [svelte(), emojiData(), appManifest(), svelteTesting(), serviceWorker(), brotli()],
    define: { __SCRIPTED_CORE__: JSON.stringify(scripted) },
    worker: { format: 'es' },
    build: {
      target: 'es2024',
      outDir: mode === 'views' ? 'dist-views' : 'dist',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    preview: { headers: { 'Content-Security-Policy': contentSecurityPolicy } },
    server: { proxy: { '/v1': { target: 'http://127.0.0.1:8080', ws: true } } },
    test: {
      // Tests that need a page say so at their top: most do not, and start ten times faster without.
      environment: 'node',
      include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
      setupFiles: ['./tests/setup.ts'],
      restoreMocks: true,
    },
  };
});
