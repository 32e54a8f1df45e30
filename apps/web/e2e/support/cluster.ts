import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PipitServer, type Entrance } from './server';

const NODES = 3;
/** How long a service may take to start, on a machine that is busy with everything else. */
const START_MS = 30_000;

/** Three nodes on one PostgreSQL and one Redis, all of a test's own, behind a balancer without sticky sessions. */
export class PipitCluster implements Entrance {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pipit-e2e-cluster-'));
  readonly #services: ChildProcess[] = [];
  readonly #balancer = new Balancer();
  readonly nodes: PipitServer[] = [];
  address = '';
  setUpLink = '';

  async start(): Promise<void> {
    chmodSync(this.#folder, 0o755);
    const database = await this.#startPostgres();
    const redis = join(this.#folder, 'redis.sock');
    const arguments_ = ['--port', '0', '--unixsocket', redis, '--save', '', '--dir', this.#folder];
    this.#services.push(spawn('redis-server', arguments_, { stdio: 'ignore' }));
    await reachable(() => connect(redis));
    await this.#balancer.listen();
    this.address = this.#balancer.address;
    const options = ['--database', database, '--redis', `unix://${redis}`, '--public-url', this.address];
    for (let number = 0; number < NODES; number += 1) {
      const port = await freePort();
      const node = new PipitServer(options, `127.0.0.1:${port}`);
      this.nodes.push(node);
      await node.start();
      this.#balancer.add(port);
    }
    // Every node prints the same link, which leads to the balancer.
    this.setUpLink = this.nodes[0]?.setUpLink ?? '';
  }

  /** On which nodes there are live lines, and how many. */
  get lines(): number[] {
    return this.#balancer.lines;
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()));
    await this.#balancer.close();
    for (const service of this.#services) {
      const ended = new Promise((resolve) => service.once('exit', resolve));
      if (service.exitCode === null && service.kill('SIGKILL')) await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** PostgreSQL refuses to run as root: then it runs as the account that came with it. */
  async #startPostgres(): Promise<string> {
    const programs = '/usr/lib/postgresql';
    const version = readdirSync(programs).sort().at(-1) ?? '';
    const bin = join(programs, version, 'bin');
    const owner = process.getuid?.() === 0 ? account('postgres') : null;
    const data = join(this.#folder, 'postgres');
    mkdirSync(data, { mode: 0o700 });
    if (owner !== null) chownSync(data, owner.uid, owner.gid);
    const options = { ...owner, cwd: data };
    const made = spawnSync(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'pipit', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
      options,
    );
    if (made.status !== 0) throw new Error(`initdb: ${String(made.stderr)}`);
    const port = await freePort();
    const settings = ['listen_addresses=127.0.0.1', 'fsync=off', `unix_socket_directories=${data}`];
    const postgres = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...options, stdio: 'ignore' },
    );
    this.#services.push(postgres);
    await reachable(() => connect(port, '127.0.0.1'));
    return `postgres://pipit@127.0.0.1:${port}/postgres`;
  }
}

/** Hands each connection to the node with the fewest lines; one that does not take it is passed over. */
class Balancer {
  readonly #server: Server = createServer((client) => this.#take(client));
  readonly #nodes: { port: number; lines: Set<Socket> }[] = [];
  readonly #clients = new Set<Socket>();
  address = '';

  get lines(): number[] {
    return this.#nodes.map((node) => node.lines.size);
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        this.address = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
        resolve();
      });
    });
  }

  add(port: number): void {
    this.#nodes.push({ port, lines: new Set() });
  }

  close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #take(client: Socket): void {
    this.#clients.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => this.#clients.delete(client));
    // The first bytes tell lines, which stay, from requests.
    client.once('data', (first: Buffer) => {
      client.pause();
      const isLine = first.toString('latin1').startsWith('GET /v1/ws');
      const nodes = [...this.#nodes].sort((a, b) => a.lines.size - b.lines.size);
      this.#pass(client, first, nodes, isLine);
    });
  }

  #pass(client: Socket, first: Buffer, nodes: { port: number; lines: Set<Socket> }[], isLine: boolean): void {
    const [node, ...others] = nodes;
    if (node === undefined) {
      client.destroy();
      return;
    }
    const server = connect(node.port, '127.0.0.1');
    const refused = (): void => this.#pass(client, first, others, isLine);
    server.once('error', refused);
    server.once('connect', () => {
      server.off('error', refused);
      server.on('error', () => server.destroy());
      if (isLine) node.lines.add(client);
      server.write(first);
      client.pipe(server);
      server.pipe(client);
      server.on('close', () => client.destroy());
      client.on('close', () => {
        node.lines.delete(client);
        server.destroy();
      });
      client.resume();
    });
  }
}

function account(name: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`there is no account called ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Tries until somebody takes the connection. */
async function reachable(open: () => Socket): Promise<void> {
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = open();
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (taken) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('a service of the test did not start');
}
