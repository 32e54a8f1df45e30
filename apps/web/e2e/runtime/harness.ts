/** Builds the page of the runtime's tests, and serves it beside a small stand-in for the server's HTTP half. */
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { test as base, type Page } from '@playwright/test';
import { build, type InlineConfig } from 'vite';

import type { Command, Reply } from '../../src/generated/types';
import type { Seen } from './page/page';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The folder of the web client. */
export const web = join(folder, '../..');

const types: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** What the server sends with every page. */
const headers = {
  'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
  // Makes module scripts miss a cache that minds it.
  Vary: 'Origin',
};

export interface Site {
  readonly address: string;
  /** The requests under `/v1` that came, as "METHOD path". */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** Serves what a build has made. WebSockets are refused: the runtime's tests are those of a device without a line. */
export async function serve(dist: string, port = 0): Promise<Site> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname.startsWith('/v1/')) {
      asked.push(`${request.method} ${url.pathname}`);
      void answer(request, url.pathname, response);
      return;
    }
    const wanted = normalize(join(dist, url.pathname));
    const isFile = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile();
    const file = isFile ? wanted : join(dist, 'index.html');
    response.writeHead(200, {
      ...headers,
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    });
    createReadStream(file).pipe(response);
  });
  server.on('upgrade', (_request, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${bound}`, asked, stop: () => stop(server) };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

const me = { user: '0190a5c8-0000-7000-8000-000000000001', handle: 'alice', name: 'Alice' };

async function answer(request: IncomingMessage, path: string, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const [status, body] = respond(`${request.method} ${path}`, text === '' ? {} : JSON.parse(text));
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body === null ? undefined : JSON.stringify(body));
}

function respond(what: string, body: Record<string, unknown>): [number, unknown] {
  switch (what) {
    case 'POST /v1/accounts':
      return [
        201,
        {
          me: { profile: me, admin: false },
          device: '0190a5c8-0000-7000-8000-000000000002',
          access_token: 'access',
          access_expires_at: Date.now() + 900_000,
          refresh_token: 'refresh',
        },
      ];
    case 'POST /v1/conversations/group':
      return [
        201,
        {
          conversation: {
            id: body.id,
            kind: 'group',
            title: body.title,
            member_count: 1,
            members: [{ ...me, role: 'owner', delivered_seq: 0, read_seq: 0 }],
            first_seq: 1,
            last_seq: 0,
            last_at: Date.now(),
            unread: 0,
          },
        },
      ];
    case 'DELETE /v1/sessions/current':
      return [204, null];
    default:
      return [503, { code: 'unavailable', message: 'not here', retry: 'later', retry_after_ms: 60_000 }];
  }
}

/** Builds with Vite into a new folder. */
export async function buildInto(config: InlineConfig): Promise<string> {
  const dist = mkdtempSync(join(tmpdir(), 'pipit-web-'));
  await build({ logLevel: 'error', ...config, build: { ...config.build, outDir: dist, emptyOutDir: true } });
  return dist;
}

export const test = base.extend<{ site: Site; tab: () => Promise<Tab> }, { dist: string; app: string }>({
  dist: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter list
    async ({}, use) => {
      const dist = await buildInto({
        configFile: false,
        root: join(folder, 'page'),
        worker: { format: 'es' },
        build: {
          target: 'es2024',
          assetsInlineLimit: 0,
          modulePreload: { polyfill: false },
          rolldownOptions: { input: ['index', 'plain'].map((name) => join(folder, `page/${name}.html`)) },
        },
      });
      await use(dist);
      rmSync(dist, { recursive: true });
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  /** The real app, as it is shipped. */
  app: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter list
    async ({}, use) => {
      const dist = await buildInto({
        root: web,
        configFile: join(web, 'vite.config.ts'),
        mode: 'production',
      });
      await use(dist);
      rmSync(dist, { recursive: true });
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  site: async ({ dist }, use) => {
    const site = await serve(dist);
    await use(site);
    await site.stop();
  },
  tab: async ({ context, site }, use) => {
    await use(async () => {
      const page = await context.newPage();
      await page.goto(site.address);
      return new Tab(page);
    });
  },
});

export { expect } from '@playwright/test';

/** A tab with the page of these tests. */
export class Tab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  send(command: Command): Promise<Reply> {
    return this.page.evaluate((wanted) => window.probe.send(wanted), command);
  }

  seen(): Promise<Seen> {
    return this.page.evaluate(() => window.probe.seen);
  }

  newId(): Promise<string> {
    return this.page.evaluate(() => window.probe.newId());
  }

  /** The texts of the open timeline. */
  async texts(): Promise<string[]> {
    const { timeline } = await this.seen();
    return timeline.flatMap(({ body }) => (body.type === 'message' ? [body.text] : []));
  }

  /** Ends this tab's worker without a word. */
  killWorker(): Promise<void> {
    return this.page.evaluate(() => window.probe.workers.at(-1)?.terminate());
  }

  async signUp(): Promise<void> {
    await this.send({
      type: 'sign_up',
      invite: null,
      account: { handle: 'alice', name: 'Alice', password: 'correct horse', device_name: 'phone' },
    });
  }

  /** A group of one's own, opened. */
  async openGroup(): Promise<string> {
    const id = await this.newId();
    await this.send({ type: 'create_group', id, title: 'Birds', members: [] });
    await this.send({ type: 'open_timeline', conversation: id });
    return id;
  }

  async write(conversation: string, text: string): Promise<Reply> {
    const message = await this.newId();
    return this.send({ type: 'send_message', message, conversation, text, reply_to: null });
  }
}
