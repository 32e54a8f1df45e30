import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kinds, read, Reader, write, type Header, type Message, type Value } from './dbus';

/** A notification on the screen of the system. */
export interface Notification {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  /** What can be pressed: the key that the browser gave it, by what it says. `inline-reply` takes a text. */
  readonly actions: ReadonlyMap<string, string>;
}

const NOTIFICATIONS = 'org.freedesktop.Notifications';
const BUS = 'org.freedesktop.DBus';
/** The name of the connection that shows notifications. */
const OWNER = ':1.0';
const PATH = '/org/freedesktop/Notifications';

/**
 * A desktop that shows notifications, as a browser on Linux finds it: a message bus (D-Bus) with the one service of Desktop
 * Notifications 1.2, inline replies as KDE has them. What is pressed here goes the browser's own way: it starts its service
 * worker, and the event is a real one, with all that it allows.
 */
export class Desktop {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pipit-desktop-'));
  readonly #connections = new Set<Socket>();
  readonly #shown = new Map<number, Notification>();
  readonly #server: Server;
  #ids = 0;
  #serial = 0;

  constructor() {
    this.#server = createServer((socket) => this.#connected(socket));
  }

  /** What `DBUS_SESSION_BUS_ADDRESS` has to be. */
  get address(): string {
    return `unix:path=${join(this.#folder, 'bus')}`;
  }

  /** What is on the screen, the oldest first. */
  get shown(): readonly Notification[] {
    return [...this.#shown.values()];
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(join(this.#folder, 'bus'), resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Presses a notification: one of its buttons, or itself. */
  press({ id, actions }: Notification, words?: string): void {
    const key = words === undefined ? 'default' : actions.get(words);
    if (key === undefined) throw new Error(`there is no button ${words}`);
    this.#tell('ActionInvoked', [
      ['u', id],
      ['s', key],
    ]);
  }

  /** Answers it in its own field. */
  reply({ id }: Notification, text: string): void {
    this.#tell('NotificationReplied', [
      ['u', id],
      ['s', text],
    ]);
  }

  #connected(socket: Socket): void {
    this.#connections.add(socket);
    const name = `:1.${this.#connections.size}`;
    let waiting = Buffer.alloc(0);
    let signedIn = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (!signedIn) {
        const end = waiting.indexOf('\r\n');
        if (end === -1) return;
        const line = waiting.toString('latin1', 0, end).replace('\0', '');
        waiting = waiting.subarray(end + 2);
        if (line.startsWith('AUTH EXTERNAL')) socket.write(`OK ${'0'.repeat(32)}\r\n`);
        else if (line === 'BEGIN') signedIn = true;
        else socket.write('ERROR\r\n');
      }
      for (let next = read(waiting); next !== null; next = read(waiting)) {
        waiting = waiting.subarray(next.length);
        if (next.message.kind === kinds.call) this.#answer(socket, name, next.message);
      }
    });
  }

  #answer(socket: Socket, name: string, message: Message): void {
    const { destination, member } = message.header;
    const body = destination === BUS ? this.#bus(name, message) : this.#service(message);
    const sender = destination === BUS ? BUS : OWNER;
    const header: Header = { answers: message.serial, destination: name, sender };
    this.#serial += 1;
    if (body !== null) socket.write(write(kinds.answer, this.#serial, header, body));
    else
      socket.write(
        write(kinds.error, this.#serial, { ...header, error: `${BUS}.Error.ServiceUnknown` }, [
          ['s', `${String(destination)} has no ${String(member)}`],
        ]),
      );
  }

  /** What the bus itself is asked. */
  #bus(name: string, { header, body }: Message): [string, Value][] | null {
    const asked = () => new Reader(body).text();
    switch (header.member) {
      case 'Hello':
        return [['s', name]];
      case 'AddMatch':
      case 'RemoveMatch':
        return [];
      case 'NameHasOwner':
        return [['b', asked() === NOTIFICATIONS]];
      case 'GetNameOwner':
        return asked() === NOTIFICATIONS ? [['s', OWNER]] : null;
      case 'ListNames':
      case 'ListActivatableNames':
        return [['as', [BUS, NOTIFICATIONS]]];
      default:
        return null;
    }
  }

  #service({ header, body }: Message): [string, Value][] | null {
    if (header.destination !== NOTIFICATIONS && header.destination !== OWNER) return null;
    switch (header.member) {
      case 'GetCapabilities':
        return [['as', ['actions', 'body', 'inline-reply', 'persistence']]];
      case 'GetServerInformation':
        return ['Desktop', 'Pipit', '1', '1.2'].map((text) => ['s', text]);
      case 'Notify':
        return [['u', this.#notify(new Reader(body))]];
      case 'CloseNotification':
        this.#close(new Reader(body).number());
        return [];
      default:
        return null;
    }
  }

  #notify(reader: Reader): number {
    reader.text();
    const replaces = reader.number();
    reader.text();
    const title = reader.text();
    const body = reader.text();
    const pairs = reader.texts();
    const id = replaces === 0 ? (this.#ids += 1) : replaces;
    const actions = new Map<string, string>();
    for (let at = 0; at + 1 < pairs.length; at += 2) actions.set(pairs[at + 1] ?? '', pairs[at] ?? '');
    this.#shown.set(id, { id, title, body, actions });
    return id;
  }

  #close(id: number): void {
    const byCall = 3;
    if (this.#shown.delete(id))
      this.#tell('NotificationClosed', [
        ['u', id],
        ['u', byCall],
      ]);
  }

  #tell(member: string, body: readonly (readonly [string, Value])[]): void {
    for (const socket of this.#connections) {
      this.#serial += 1;
      const header = { path: PATH, interface: NOTIFICATIONS, member, sender: OWNER };
      if (socket.writable) socket.write(write(kinds.signal, this.#serial, header, body));
    }
  }
}
