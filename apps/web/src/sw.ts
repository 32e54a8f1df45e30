/// <reference lib="webworker" />
/**
 * The service worker: keeps the app's own files, so that it opens without a line. Data is never kept here; that is the core's.
 *
 * Pages are asked for from the network first, so that a new version is seen as soon as there is a line; the files that a page
 * names carry their hash in their name, so that a page never gets those of another version.
 */
import { relay, STREAMED } from './media/relay';
import { listen } from './notify/worker';
import { keepShared } from './share/keep';

declare const self: ServiceWorkerGlobalScope;

/** What the build has made, put in here at its end: this file changes whenever any of the others does. */
interface Shell {
  /** A hash of all of it. */
  readonly version: string;
  /** Paths with a hash in their name. */
  readonly hashed: readonly string[];
  /** Paths that stay the same. */
  readonly plain: readonly string[];
}

const shell = JSON.parse('__SHELL__') as Shell;
const PREFIX = 'pipit-shell-';
const CACHE = PREFIX + shell.version;
const PAGE = '/';
/** A page that takes longer than this is shown from here. */
const PAGE_TIMEOUT_MS = 3_000;
// A server that varies its answers by origin would make module scripts miss the cache.
const MATCH = { ignoreVary: true } as const;

const hashed = new Set(shell.hashed);
const plain = new Set(shell.plain);

listen();

self.addEventListener('install', (event) => {
  event.waitUntil(fill());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(takeOver());
});

self.addEventListener('message', (event: ExtendableMessageEvent) => {
  // The person has agreed to load the new version.
  if ((event.data as { type?: unknown } | null)?.type === 'activate') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === 'POST' && url.pathname === '/share') event.respondWith(shared(request));
  if (request.method !== 'GET') return;
  // The server's interfaces are for the core alone.
  if (url.pathname === '/v1' || url.pathname.startsWith('/v1/')) return;
  if (url.pathname.startsWith(STREAMED)) event.respondWith(streamed(event));
  else if (hashed.has(url.pathname)) event.respondWith(fromCache(request));
  else if (request.mode === 'navigate') event.respondWith(pageOf(event));
  else if (plain.has(url.pathname)) event.respondWith(fromNetwork(request, url.pathname));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all([
    ...shell.hashed.map(async (path) => {
      // The same name is the same content: take over what the version before has of it.
      const known = await caches.match(path, MATCH);
      if (known !== undefined) await cache.put(path, known);
      else await cache.add(path);
    }),
    ...shell.plain.map((path) => cache.add(new Request(path, { cache: 'reload' }))),
  ]);
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

async function fromCache(request: Request): Promise<Response> {
  return (await caches.match(request, MATCH)) ?? fetch(request);
}

/** A sealed film plays: the page has the key. */
async function streamed({ clientId, request }: FetchEvent): Promise<Response> {
  return relay(request, await self.clients.get(clientId));
}

/** Another app hands something over: the page that opens asks where it goes. */
async function shared(request: Request): Promise<Response> {
  await keepShared(await request.formData());
  return Response.redirect('/?open=share', 303);
}

async function fromNetwork(request: Request, path: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(path, MATCH);
    if (kept === undefined) throw error;
    return kept;
  }
}

/** All paths of the app are one page: it has its own router. */
async function pageOf(event: FetchEvent): Promise<Response> {
  const fresh = fetch(event.request);
  const kept = await caches.match(PAGE, MATCH);
  if (kept === undefined) return fresh;
  const late = new Promise<null>((resolve) => {
    self.setTimeout(() => {
      resolve(null);
    }, PAGE_TIMEOUT_MS);
  });
  try {
    const answer = await Promise.race([fresh, late]);
    // A proxy without its server behind it answers with an error of its own.
    return answer === null || answer.status >= 500 ? kept : answer;
  } catch {
    return kept;
  } finally {
    fresh.catch(() => {});
  }
}
