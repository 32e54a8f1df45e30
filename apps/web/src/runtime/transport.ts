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

/** What may be said of an answer that only has a header. */
function offsetOf(status: number, header: string | null): HttpAnswer | null {
  const offset = header === null || status >= 300 ? Number.NaN : Number(header);
  return Number.isSafeInteger(offset) ? { type: 'received', offset } : null;
}

/** Makes an HTTP request. Whatever goes wrong on the way is `unreachable`: it may or may not have been carried out. */
export async function request(wanted: HttpRequest, fetcher: typeof fetch = fetch): Promise<HttpAnswer> {
  const headers = new Headers();
  if (wanted.bearer !== null) headers.set('authorization', `Bearer ${wanted.bearer}`);
  if (wanted.body !== null) headers.set('content-type', 'application/json');
  for (const [name, value] of wanted.headers) headers.set(name, value);
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
    return (
      offsetOf(response.status, response.headers.get('upload-offset')) ?? {
        type: 'answered',
        status: response.status,
        body: await response.text(),
      }
    );
  } catch {
    return { type: 'unreachable' };
  }
}

/** The least time between two words of how far a request is. */
const PROGRESS_MS = 200;

/** A request that carries a part of a file, under way. */
export interface Sending {
  readonly answer: Promise<HttpAnswer>;
  abort(): void;
}

/** What `sendPart` needs of the browser. */
export interface PartEnv {
  createRequest(): XMLHttpRequest;
  now(): number;
  /** Missing outside of secure contexts: then parts go without a checksum. */
  readonly digest: ((bytes: ArrayBuffer) => Promise<ArrayBuffer>) | null;
}

export const browserParts: PartEnv = {
  createRequest: () => new XMLHttpRequest(),
  now: () => Date.now(),
  // Not there on a plain address, whatever the types say.
  digest: (crypto as Partial<Crypto>).subtle ? (bytes) => crypto.subtle.digest('SHA-256', bytes) : null,
};

/**
 * Sends a part of a file. Not by `fetch`, which does not say how far it is. There is no timeout: who hears nothing of it aborts it.
 */
export function sendPart(
  wanted: HttpRequest,
  find: () => Promise<Blob | null>,
  progress: (sent: number) => void,
  env: PartEnv = browserParts,
): Sending {
  let aborted = false;
  let request: XMLHttpRequest | null = null;
  const send = async (): Promise<HttpAnswer> => {
    const part = await find();
    if (part === null) return { type: 'file_gone' };
    const checksum = env.digest === null ? null : await env.digest(await part.arrayBuffer());
    if (aborted) return { type: 'unreachable' };
    request = env.createRequest();
    return carry(request, wanted, part, checksum, progress, env.now);
  };
  return {
    // What cannot be read any more is gone.
    answer: send().catch((): HttpAnswer => ({ type: 'file_gone' })),
    abort: () => {
      aborted = true;
      request?.abort();
    },
  };
}

function carry(
  request: XMLHttpRequest,
  wanted: HttpRequest,
  part: Blob,
  checksum: ArrayBuffer | null,
  progress: (sent: number) => void,
  now: () => number,
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    let saidAt = now();
    request.open(wanted.method, wanted.path);
    if (wanted.bearer !== null) request.setRequestHeader('authorization', `Bearer ${wanted.bearer}`);
    for (const [name, value] of wanted.headers) request.setRequestHeader(name, value);
    if (checksum !== null) {
      const digits = btoa(String.fromCharCode(...new Uint8Array(checksum)));
      request.setRequestHeader('upload-checksum', `sha256 ${digits}`);
    }
    request.upload.onprogress = ({ loaded }) => {
      if (now() - saidAt < PROGRESS_MS) return;
      saidAt = now();
      progress(loaded);
    };
    request.onload = () => {
      const { status } = request;
      resolve(
        offsetOf(status, request.getResponseHeader('upload-offset')) ?? {
          type: 'answered',
          status,
          body: request.responseText,
        },
      );
    };
    request.onerror = request.onabort = () => {
      resolve({ type: 'unreachable' });
    };
    request.send(part);
  });
}
