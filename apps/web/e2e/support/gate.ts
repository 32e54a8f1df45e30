import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { freePort } from './cluster';
import { PipitServer, type Entrance } from './server';

/** A server behind a gate, which can be closed while something large is on its way through. */
export class GatedServer implements Entrance {
  readonly #gate = new Gate();
  #server: PipitServer | null = null;

  get address(): string {
    return this.#gate.address;
  }

  get setUpLink(): string {
    return this.server.setUpLink;
  }

  get server(): PipitServer {
    if (this.#server === null) throw new Error('the server has not been started');
    return this.#server;
  }

  async start(options: readonly string[]): Promise<void> {
    const port = await freePort();
    await this.#gate.listen(port);
    const own = ['--public-url', this.#gate.address];
    this.#server = new PipitServer([...own, ...options], `127.0.0.1:${port}`);
    await this.#server.start();
  }

  /** Lets everything through, and counts anew. */
  open(): void {
    this.#gate.left = Number.POSITIVE_INFINITY;
    this.#gate.passed = 0;
  }

  /** Lets so many bytes of files more through; whatever connection has the next one stands still. Counts anew. */
  closeAfter(bytes: number): void {
    this.#gate.left = bytes;
    this.#gate.passed = 0;
  }

  /** How many bytes of files have gone through to the server since the gate was last opened or closed. */
  get passed(): number {
    return this.#gate.passed;
  }

  /** Whether something stands before the gate. */
  get isHolding(): boolean {
    return this.#gate.held.size > 0;
  }

  async remove(): Promise<void> {
    await this.#server?.remove();
    await this.#gate.close();
  }
}

class Gate {
  readonly #server: Server = createServer((client) => this.#take(client));
  readonly #clients = new Set<Socket>();
  readonly held = new Set<Socket>();
  #port = 0;
  address = '';
  left = Number.POSITIVE_INFINITY;
  passed = 0;

  listen(to: number): Promise<void> {
    this.#port = to;
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        this.address = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #take(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1');
    this.#clients.add(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => one.destroy());
      one.on('close', () => other.destroy());
    }
    client.on('close', () => {
      this.#clients.delete(client);
      this.held.delete(client);
    });
    let brings = false;
    client.on('data', (bytes: Buffer) => {
      brings ||= bytes.subarray(0, 18).toString('latin1') === 'PATCH /v1/uploads/';
      if (brings && bytes.length > this.left) {
        // For good: whoever waits for it has to give it up.
        client.pause();
        this.held.add(client);
        return;
      }
      if (brings) {
        this.left -= bytes.length;
        this.passed += bytes.length;
      }
      if (!server.write(bytes)) {
        client.pause();
        server.once('drain', () => client.resume());
      }
    });
    server.pipe(client);
  }
}
