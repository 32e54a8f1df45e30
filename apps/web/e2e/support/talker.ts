import { WebSocket } from 'ws';

import { newId, post, type Json } from './protocol';

const client = { name: 'talker', version: '1.0' };

/** Somebody without a browser, who says a great deal: an account and a line, by `docs/protocol.md` alone. */
export class Talker {
  readonly #acknowledged = new Map<string, () => void>();
  #requests = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Json;
      if (frame['type'] === 'ack') this.#acknowledged.get(String(frame['message']))?.();
    });
  }

  /** Makes an account by an invite link. */
  static async join(link: string, name: string): Promise<Talker> {
    const { origin, hash } = new URL(link);
    const handle = name.toLowerCase();
    const account = { handle, name, password: `${handle} has a long password`, device_name: 'Shell', client };
    const session = await post(origin, null, '/v1/accounts', { invite: hash.slice(1), account });
    const token = String(session['access_token']);
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/ws`);
    await new Promise((opened) => socket.once('open', opened));
    const talker = new Talker(socket);
    const welcome = new Promise((came) => socket.once('message', came));
    talker.#send({ type: 'hello', protocol: 1, token, client, cursors: [], presence: 'online' });
    await welcome;
    return talker;
  }

  close(): void {
    this.socket.close();
  }

  /** Says all of it, in this order, and waits until it is on the server's disk. */
  async say(conversation: string, texts: readonly string[]): Promise<void> {
    const said = texts.map((text) => {
      const [id, written_at] = [newId(), Date.now()];
      const done = new Promise<void>((resolve) => this.#acknowledged.set(id, resolve));
      const content = { kind: 'plain', text };
      this.#send({ type: 'message', message: { id, conversation, written_at, content } });
      return done.then(() => this.#acknowledged.delete(id));
    });
    await Promise.all(said);
  }

  #send(frame: Json): void {
    this.#requests += 1;
    this.socket.send(JSON.stringify({ ...frame, id: this.#requests }));
  }
}
