import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Resvg } from '@resvg/resvg-js';
import type { Plugin } from 'vite';

import { en } from './src/i18n/en.ts';

/** What systems ask for, in pixels; `maskable` ones are cut to the shape that the system likes. */
const icons = [
  { name: 'icon-180.png', from: 'icon-maskable.svg', size: 180, purpose: null },
  { name: 'icon-192.png', from: 'icon.svg', size: 192, purpose: 'any' },
  { name: 'icon-512.png', from: 'icon.svg', size: 512, purpose: 'any' },
  { name: 'icon-maskable-512.png', from: 'icon-maskable.svg', size: 512, purpose: 'maskable' },
] as const;

/** <https://www.w3.org/TR/appmanifest/>, <https://w3c.github.io/web-share-target/> */
const manifest = {
  id: '/',
  name: en['app.name'],
  short_name: en['app.name'],
  description: en['app.description'],
  lang: 'en',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#fbf8f2',
  theme_color: '#2e5e4e',
  categories: ['social', 'productivity'],
  icons: icons
    .filter(({ purpose }) => purpose !== null)
    .map(({ name, size, purpose }) => ({
      src: `/${name}`,
      sizes: `${size}x${size}`,
      type: 'image/png',
      purpose,
    })),
  shortcuts: [
    { name: en['menu.new_chat'], url: '/?open=new-chat' },
    { name: en['menu.new_group'], url: '/?open=new-group' },
    { name: en['menu.notes'], url: '/?open=notes' },
  ],
  share_target: {
    action: '/share',
    method: 'POST',
    enctype: 'multipart/form-data',
    params: {
      title: 'title',
      text: 'text',
      url: 'url',
      files: [{ name: 'files', accept: ['*/*'] }],
    },
  },
};

/** Makes what a system needs to install the app: the manifest, and icons in pixels from the drawn ones. */
export function appManifest(): Plugin {
  let folder = '';
  return {
    name: 'pipit:manifest',
    apply: 'build',
    configResolved: ({ publicDir }) => {
      folder = publicDir;
    },
    generateBundle() {
      this.emitFile({
        type: 'asset',
        fileName: 'manifest.webmanifest',
        source: JSON.stringify(manifest),
      });
      for (const { name, from, size } of icons) {
        const drawn = new Resvg(readFileSync(join(folder, from), 'utf8'), {
          fitTo: { mode: 'width', value: size },
        });
        this.emitFile({ type: 'asset', fileName: name, source: drawn.render().asPng() });
      }
    },
  };
}
