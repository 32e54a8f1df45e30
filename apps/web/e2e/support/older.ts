import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocket, WebSocketServer } from 'ws';

import { freePort } from './cluster';
import type { Json } from './protocol';
import { PipitServer, type Entrance } from './server';

/** What a server of another time would do otherwise. */
export interface Age {
  /** The code with which it refuses a frame of the client, where it does. */
  refuses?: (frame: Json) => string | null;
  /** What it says of itself, over HTTP and in `welcome`. */
  says?: (about: Json) => Json;
}

/** A server behind something that makes it as old as a test wants. It can be of this time again. */
export class OlderServer implements Entrance {
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #open = new Set<WebSocket>();
  readonly #front: Server = createServer((asked, answer) => this.#pass(asked, answer));
  #server: PipitServer | null = null;
  #age: Age = {};
  #port = 0;
  address = '';

  constructor() {
    this.#front.on('upgrade', (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#sockets.handleUpgrade(asked, socket, head, (client) => this.#join(client, asked));
    });
  }

  get setUpLink(): string {
    return this.#server?.setUpLink ?? '';
  }

  async start(): Promise<void> {
    this.#port = await freePort();
    await new Promise<void>((resolve) => this.#front.listen(0, '127.0.0.1', resolve));
    this.address = `http://127.0.0.1:${(this.#front.address() as AddressInfo).port}`;
    this.#server = new PipitServer(['--public-url', this.address], `127.0.0.1:${this.#port}`);
    await this.#server.start();
  }

  /** From now on it is like this. Everybody's line ends, as when it is started anew. */
  become(age: Age): void {
    this.#age = age;
    for (const socket of this.#open) socket.terminate();
  }

  async remove(): Promise<void> {
    for (const socket of this.#open) socket.terminate();
    this.#front.closeAllConnections();
    await new Promise((resolve) => this.#front.close(resolve));
    await this.#server?.remove();
  }

  #join(client: WebSocket, asked: IncomingMessage): void {
    const origin = asked.headers.origin;
    const server = new WebSocket(`ws://127.0.0.1:${this.#port}${asked.url ?? ''}`, {
      headers: origin === undefined ? {} : { origin },
    });
    const early: string[] = [];
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(one);
      one.on('error', () => one.terminate());
      one.on('close', () => {
        this.#open.delete(one);
        other.terminate();
      });
    }
    server.on('open', () => {
      for (const text of early.splice(0)) server.send(text);
    });
    client.on('message', (data: Buffer) => {
      const text = data.toString();
      const frame = JSON.parse(text) as Json;
      const code = this.#age.refuses?.(frame) ?? null;
      if (code !== null) {
        client.send(JSON.stringify({ type: 'error', id: frame['id'], code, message: '', retry: 'never' }));
      } else if (server.readyState === WebSocket.OPEN) server.send(text);
      else early.push(text);
    });
    server.on('message', (data: Buffer) => {
      const text = data.toString();
      client.send(text.startsWith('{"type":"welcome"') ? this.#said(text) : text);
    });
  }

  #said(text: string): string {
    const { says } = this.#age;
    return says === undefined ? text : JSON.stringify(says(JSON.parse(text) as Json));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url, headers } = asked;
    const passed = request({ port: this.#port, host: '127.0.0.1', method, path: url, headers }, (came) => {
      const { 'content-length': length, ...others } = came.headers;
      const isAbout = url === '/v1/server';
      answer.writeHead(came.statusCode ?? 502, isAbout || length === undefined ? others : came.headers);
      if (!isAbout) {
        came.pipe(answer);
        return;
      }
      const parts: Buffer[] = [];
      came.on('data', (part: Buffer) => parts.push(part));
      came.on('end', () => answer.end(this.#said(Buffer.concat(parts).toString())));
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  }
}
