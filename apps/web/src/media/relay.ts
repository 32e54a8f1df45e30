/** The service worker's end between a player and the page that has the key ({@link ./streams}). Pages take types from here alone: the service worker is one file. */

/** Where addresses of sealed films begin. Nothing is there on the server. */
export type Streamed = '/sealed/';
export const STREAMED: Streamed = '/sealed/';

/** The service worker asks the page that plays. */
export interface PartAsked {
  readonly type: 'sealed_part';
  readonly path: string;
  readonly from: number;
  /** Up to before this byte; null up to the end. */
  readonly to: number | null;
}

/** The part, as much of it as comes at a time, and how long all of it is; null where there is none. */
export type PartAnswer = { readonly part: Blob; readonly size: number } | null;

/** What a player asks for: one range, from a byte on. */
export function rangeOf(header: string | null): Pick<PartAsked, 'from' | 'to'> | null {
  const [, from, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === undefined) return null;
  const to = last === undefined || last === '' ? null : Number(last) + 1;
  return to !== null && to <= Number(from) ? null : { from: Number(from), to };
}

/** The part of a film that was asked for, from the page that plays it. */
export function partAnswer(from: number, { part, size }: NonNullable<PartAnswer>): Response {
  return new Response(part, {
    status: 206,
    headers: {
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'content-length': String(part.size),
      'content-range': `bytes ${from}-${from + part.size - 1}/${size}`,
      'content-type': part.type,
      'x-content-type-options': 'nosniff',
    },
  });
}

/** In the service worker: asks the page and answers the player. */
export async function relay(
  request: Request,
  page: { postMessage(message: PartAsked, transfer: Transferable[]): void } | undefined,
): Promise<Response> {
  const range = rangeOf(request.headers.get('range'));
  if (page === undefined || range === null) return new Response(null, { status: 404 });
  const { port1, port2 } = new MessageChannel();
  const answer = await new Promise<PartAnswer>((settle) => {
    port1.onmessage = ({ data }: MessageEvent<PartAnswer>) => settle(data);
    // Nobody waits for it any more.
    if (request.signal.aborted) settle(null);
    request.signal.addEventListener('abort', () => settle(null));
    page.postMessage({ type: 'sealed_part', path: new URL(request.url).pathname, ...range }, [port2]);
  });
  port1.close();
  return answer === null ? new Response(null, { status: 404 }) : partAnswer(range.from, answer);
}
