/** The core's line to the server: one WebSocket and HTTP requests, by the browser's own means. */
import type { HttpAnswer, HttpRequest } from './protocol';

/** Longest time that an HTTP request may take. */
const HTTP_TIMEOUT_MS = 30_000;
/** Most bytes that may wait in the WebSocket; past that the line is too slow to be of use, and is made anew. */
const BUFFERED_BYTES_MAX = 8 * 1024 * 1024;

/** A WebSocket that stands. Not by its name in the browser, which tests do not have. */
const OPEN = 1;

/** What the WebSocket tells the leader. */
export interface SocketEvents {
  connected(): void;
  received(text: string): void;
  disconnected(): void;
}

/** The address of the WebSocket on the server that this page came from. */
export function socketUrl(origin: string): string {
  const url = new URL('/v1/ws', origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** One WebSocket at a time. Says `disconnected` once for each that was lost, and never for one that was closed on purpose. */
export class SocketLine {
  #socket: WebSocket | null = null;
  readonly #url: string;
  readonly #events: SocketEvents;
  readonly #create: (url: string) => WebSocket;

  constructor(
    url: string,
    events: SocketEvents,
    create: (url: string) => WebSocket = (address) => new WebSocket(address),
  ) {
    this.#url = url;
    this.#events = events;
    this.#create = create;
  }

  connect(): void {
    this.close();
    const socket = this.#create(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket === socket) this.#events.connected();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (this.#socket === socket && typeof event.data === 'string') {
        this.#events.received(event.data);
      }
    };
    // An error is always followed by a close.
    socket.onclose = () => {
      this.#lost(socket);
    };
  }

  /** Sends a frame, or drops it where the line is gone: the engine keeps what matters until it is acknowledged. */
  send(text: string): void {
    const socket = this.#socket;
    if (socket === null || socket.readyState !== OPEN) return;
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      socket.close();
      this.#lost(socket);
      return;
    }
    socket.send(text);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#events.disconnected();
  }
}

/** Makes an HTTP request. Whatever goes wrong on the way is `unreachable`: it may or may not have been carried out. */
export async function request(wanted: HttpRequest, fetcher: typeof fetch = fetch): Promise<HttpAnswer> {
  const headers = new Headers();
  if (wanted.bearer !== null) headers.set('authorization', `Bearer ${wanted.bearer}`);
  if (wanted.body !== null) headers.set('content-type', 'application/json');
  try {
    const response = await fetcher(wanted.path, {
      method: wanted.method,
      headers,
      body: wanted.body,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    });
    return { type: 'answered', status: response.status, body: await response.text() };
  } catch {
    return { type: 'unreachable' };
  }
}
