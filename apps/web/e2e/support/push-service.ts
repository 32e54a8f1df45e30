import { createDecipheriv, createECDH, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { BrowserContext } from '@playwright/test';

const SALT_BYTES = 16;
const TAG_BYTES = 16;

/** A push service and the browser's half of it: it takes what the server pushes to one device and opens it (RFC 8030, 8188, 8291). */
export class PushService {
  readonly #device = createECDH('prime256v1');
  readonly #auth = randomBytes(16);
  readonly #server: Server;
  #endpoint = '';

  constructor(onpush: (text: string) => void) {
    this.#device.generateKeys();
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(201).end();
        onpush(this.#open(Buffer.concat(chunks)));
      });
    });
  }

  /** On a network that the operator allows. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.2', resolve));
    this.#endpoint = `http://127.0.0.2:${(this.#server.address() as AddressInfo).port}/device`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What a browser gives a page that subscribes. */
  get subscription(): { endpoint: string; p256dh: string; auth: string } {
    const p256dh = this.#device.getPublicKey().toString('base64url');
    return { endpoint: this.#endpoint, p256dh, auth: this.#auth.toString('base64url') };
  }

  #open(body: Buffer): string {
    const salt = body.subarray(0, SALT_BYTES);
    const length = body.readUInt8(SALT_BYTES + 4);
    const sender = body.subarray(SALT_BYTES + 5, SALT_BYTES + 5 + length);
    const sealed = body.subarray(SALT_BYTES + 5 + length);
    const own = this.#device.getPublicKey();
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), own, sender]);
    const first = createHmac('sha256', this.#auth).update(this.#device.computeSecret(sender)).digest();
    const secret = createHmac('sha256', first)
      .update(info)
      .update(Buffer.from([1]))
      .digest();
    const derive = (name: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', secret, salt, `Content-Encoding: ${name}\0`, bytes));
    const opener = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
    opener.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = Buffer.concat([
      opener.update(sealed.subarray(0, sealed.length - TAG_BYTES)),
      opener.final(),
    ]);
    // The record ends with its mark, and zeros behind that.
    return plain.toString('utf8', 0, plain.lastIndexOf(2));
  }
}

/** Pages get this push service where they ask the browser for one. */
export async function subscribesTo(context: BrowserContext, service: PushService): Promise<void> {
  await context.addInitScript(({ endpoint, p256dh, auth }) => {
    let current: object | null = null;
    Object.assign(PushManager.prototype, {
      getSubscription: () => Promise.resolve(current),
      subscribe: ({ applicationServerKey: key }: { applicationServerKey: string }) => {
        const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
        const applicationServerKey = Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
        current = {
          endpoint,
          options: { applicationServerKey, userVisibleOnly: true },
          toJSON: () => ({ endpoint, keys: { p256dh, auth } }),
          unsubscribe: () => Promise.resolve(true),
        };
        return Promise.resolve(current);
      },
    });
  }, service.subscription);
}
