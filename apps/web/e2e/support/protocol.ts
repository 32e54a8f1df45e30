/** What clients that are not ours have in common: requests and ids, by `docs/protocol.md`. */
import { randomBytes } from 'node:crypto';

export type Json = Record<string, unknown>;

/** A UUID of version 7 (RFC 9562, section 5.7). */
export function newId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

export async function post(origin: string, token: string | null, path: string, body: Json): Promise<Json> {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  const answer = await fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return read(answer, path);
}

export async function get(origin: string, token: string, path: string): Promise<Json> {
  return read(await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } }), path);
}

async function read(answer: Response, path: string): Promise<Json> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Json);
}
