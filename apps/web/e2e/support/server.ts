import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How long a server may take to say that it is ready, on a machine that is busy with everything else. */
const START_MS = 30_000;

/** Where people go to, and the link that makes the first account. */
export interface Entrance {
  /** Such as `http://127.0.0.1:41234`. */
  readonly address: string;
  /** Empty once there is an account. */
  readonly setUpLink: string;
}

/** A `pipit` of a test's own: its data in a temporary folder, its port a free one that it keeps over restarts. */
export class PipitServer implements Entrance {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pipit-e2e-'));
  #process: ChildProcess | null = null;
  #listen: string;
  /** Such as `http://127.0.0.1:41234`. */
  address = '';
  /** The link that makes the first account; empty once there is one. */
  setUpLink = '';
  readonly #options: readonly string[];

  /** `options` go to `pipit serve` besides its folder. Behind a balancer its own port is not the one that it names. */
  constructor(options: readonly string[] = [], listen = '127.0.0.1:0') {
    this.#options = options;
    this.#listen = listen;
  }

  /** Starts it, or starts it again on the same port and folder. */
  async start(): Promise<void> {
    const binary = process.env['PIPIT_BINARY'];
    if (binary === undefined) throw new Error('PIPIT_BINARY has to name the pipit to test');
    const own = ['serve', '--data', join(this.#folder, 'data'), '--listen', this.#listen];
    const child = spawn(binary, [...own, ...this.#options], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const log = createWriteStream(join(this.#folder, 'log.txt'), { flags: 'a' });
    child.stderr.pipe(log);
    await this.#ready(child);
    if (this.#listen.endsWith(':0')) this.#listen = new URL(this.address).host;
  }

  /** Reads what it prints until it is ready, and the set-up link where there is one. */
  #ready(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`pipit is not ready; see ${this.#folder}`)), START_MS);
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      const first = this.address === '';
      lines.on('line', (line) => {
        const url = /https?:\/\/\S+/.exec(line)?.[0];
        if (line.startsWith('Pipit is ready at ') && url !== undefined) this.address = url;
        if (url?.includes('/setup#')) this.setUpLink = url;
        if (this.address !== '' && (!first || this.setUpLink !== '')) {
          clearTimeout(timer);
          resolve();
        }
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`pipit ended with ${code} before it was ready; see ${this.#folder}`));
      });
    });
  }

  /** Ends it without a warning, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Whether these bytes are anywhere in what it has kept: its database, its files, its log. */
  keeps(words: string): boolean {
    return readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(words));
  }

  /** Changes a byte in the middle of each of its files that is like this, and says how many there were. */
  spoil(isMeant: (bytes: Buffer) => boolean): number {
    const files = readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.parentPath.includes('blobs'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => isMeant(readFileSync(path)));
    for (const path of files) {
      const bytes = readFileSync(path);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    }
    return files.length;
  }

  /** Ends it and removes all that it kept. */
  async remove(): Promise<void> {
    await this.#end('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
