import { createHmac, randomBytes } from 'node:crypto';

import {
  createApplicationMessage,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  processPrivateMessage,
  type CiphersuiteImpl,
  type ClientState,
} from 'ts-mls';
import { WebSocket } from 'ws';

import { get, newId, post, type Json } from './protocol';

const suiteName = 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519';
const client = { name: 'other-client', version: '1.0' };
const smallestBucket = 256;

interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly sender: string;
  readonly device: string;
  readonly body: { readonly type: string; readonly [key: string]: unknown };
}

interface Seal {
  readonly epoch: number;
  readonly count: number;
}

/** What was read in the conversation: whose, and the body that the entry would have in an open one. */
export interface Read {
  readonly id: string;
  readonly sender: string;
  readonly body: Json;
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function idBytes(id: string): Uint8Array {
  return new Uint8Array(Buffer.from(id.replaceAll('-', ''), 'hex'));
}

/** Where something is sealed for, as it stands in the authenticated data. */
function place(conversation: string, entry: string, count: number): Uint8Array {
  const counted = Buffer.alloc(8);
  counted.writeBigUInt64BE(BigInt(count));
  return new Uint8Array(Buffer.concat([Buffer.from([1]), idBytes(conversation), idBytes(entry), counted]));
}

function pad(content: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const padded = Buffer.concat([length, content]);
  if (padded.length > smallestBucket) throw new Error('this client says short things only');
  return new Uint8Array(Buffer.concat([padded, Buffer.alloc(smallestBucket - padded.length)]));
}

function unpad(padded: Uint8Array): Uint8Array {
  const length = Buffer.from(padded).readUInt32BE(0);
  return padded.subarray(4, 4 + length);
}

/**
 * A client of another make, by `docs/protocol.md` alone: MLS is that of the package `ts-mls`, nothing is shared with the core. It is in one encrypted conversation,
 * into which others take it.
 */
export class OtherClient {
  #state: ClientState | null = null;
  #conversation = '';
  #cursor = 0;
  #count = 0;
  readonly #answers = new Map<number, (frame: Json) => void>();
  #requests = 0;
  readonly #read: Read[] = [];

  private constructor(
    readonly user: string,
    private readonly address: string,
    private readonly token: string,
    private readonly suite: CiphersuiteImpl,
    private readonly keys: Awaited<ReturnType<typeof generateKeyPackageWithKey>>,
    private readonly socket: WebSocket,
  ) {}

  /** Makes an account by an invite link, and says the device's keys. */
  static async join(link: string, name: string): Promise<OtherClient> {
    const { origin, hash } = new URL(link);
    const handle = name.toLowerCase();
    const account = { handle, name, password: `${handle} has a long password`, device_name: 'Shell', client };
    const session = await post(origin, null, '/v1/accounts', { invite: hash.slice(1), account });
    const { profile } = session['me'] as { profile: { user: string } };
    const token = String(session['access_token']);
    const suite = await getCiphersuiteImpl(getCiphersuiteFromName(suiteName));
    const signing = await suite.signature.keygen();
    const identity = Buffer.concat([
      Buffer.from([1]),
      idBytes(profile.user),
      idBytes(String(session['device'])),
    ]);
    const until = Date.now() + 30 * 24 * 3_600_000;
    const keys = await generateKeyPackageWithKey(
      { credentialType: 'basic', identity: new Uint8Array(identity) },
      {
        versions: ['mls10'],
        ciphersuites: [suiteName],
        extensions: [],
        proposals: [],
        credentials: ['basic'],
      },
      {
        notBefore: BigInt(Math.floor(Date.now() / 1_000) - 3_600),
        notAfter: BigInt(Math.floor(until / 1_000)),
      },
      [],
      signing,
      suite,
    );
    const { publicPackage: keyPackage } = keys;
    const bytes = encodeMlsMessage({ keyPackage, wireformat: 'mls_key_package', version: 'mls10' });
    await post(origin, token, '/v1/devices/current/key', { signature_key: toBase64(signing.publicKey) });
    const packages = [{ bytes: toBase64(bytes), not_after: until }];
    await post(origin, token, '/v1/devices/current/key-packages', {
      publication: 1,
      replace_all: true,
      packages,
    });
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/ws`);
    const other = new OtherClient(profile.user, origin, token, suite, keys, socket);
    await new Promise((opened) => socket.once('open', opened));
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Json;
      const { type, id } = frame;
      if (type !== 'synced' && type !== 'event') other.#answers.get(Number(id))?.(frame);
    });
    const hello = { type: 'hello', protocol: 1, token, client, cursors: [], presence: 'online' };
    await other.#ask(hello, 'welcome');
    return other;
  }

  close(): void {
    this.socket.close();
  }

  /** Comes into the group by the welcome that waits. False where there is none yet. */
  async enter(): Promise<boolean> {
    const answer = await get(this.address, this.token, '/v1/devices/current/welcomes');
    const [welcome] = answer['items'] as { conversation: string; commit: string; bytes: string }[];
    if (welcome === undefined) return false;
    const message = decodeMlsMessage(fromBase64(welcome.bytes), 0)?.[0];
    if (message?.wireformat !== 'mls_welcome') throw new Error('not a welcome');
    const { publicPackage, privatePackage } = this.keys;
    this.#state = await joinGroup(message.welcome, publicPackage, privatePackage, emptyPskIndex, this.suite);
    this.#conversation = welcome.conversation;
    const commit = (await this.#entries(0)).find(({ id }) => id === welcome.commit);
    if (commit === undefined) throw new Error('the commit of the welcome is not in the log');
    this.#cursor = commit.seq;
    const path = `/v1/devices/current/welcomes/${welcome.conversation}/${welcome.commit}`;
    await fetch(`${this.address}${path}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${this.token}` },
    });
    return true;
  }

  /** Everything that others have said since this client came in. */
  async read(): Promise<readonly Read[]> {
    for (const entry of await this.#entries(this.#cursor)) {
      await this.#take(entry);
      this.#cursor = entry.seq;
    }
    return this.#read;
  }

  /** Seals something and sends it. Gives the entry's id. */
  async say(body: Json): Promise<string> {
    await this.read();
    const [id, conversation, written_at] = [newId(), this.#conversation, Date.now()];
    this.#count += 1;
    const said = Buffer.from(JSON.stringify({ written_at, ...body }));
    const key = randomBytes(32);
    const commitment = createHmac('sha256', key).update(said).digest('base64');
    const unsealed = Buffer.concat([key, said]);
    const state = this.#group();
    const epoch = Number(state.groupContext.epoch);
    const for_ = place(conversation, id, this.#count);
    const { newState, privateMessage } = await createApplicationMessage(
      state,
      pad(unsealed),
      this.suite,
      for_,
    );
    this.#state = newState;
    const sealed = encodeMlsMessage({ privateMessage, wireformat: 'mls_private_message', version: 'mls10' });
    const seal: Seal = { epoch, count: this.#count };
    const content = { kind: 'sealed', scheme: 'mls1', bytes: toBase64(sealed), seal, commitment };
    await this.#ask({ type: 'message', message: { id, conversation, written_at, content } }, 'ack');
    return id;
  }

  #group(): ClientState {
    if (this.#state === null) throw new Error('in no group');
    return this.#state;
  }

  async #take({ id, sender, body }: Entry): Promise<void> {
    const content = body['content'] as { bytes?: string; seal?: Seal; commitment?: string } | undefined;
    const bytes = content?.bytes ?? (body.type === 'handshake' ? String(body['bytes']) : undefined);
    if (bytes === undefined || sender === this.user) return;
    const message = decodeMlsMessage(fromBase64(bytes), 0)?.[0];
    if (message?.wireformat !== 'mls_private_message') throw new Error('not a private message');
    const { privateMessage } = message;
    const count = content?.seal?.count ?? (body['seal'] as Seal).count;
    const authenticated = Buffer.from(privateMessage.authenticatedData);
    if (!authenticated.equals(place(this.#conversation, id, count)))
      throw new Error('sealed for another place');
    const taken = await processPrivateMessage(this.#group(), privateMessage, emptyPskIndex, this.suite);
    this.#state = taken.newState;
    if (taken.kind === 'newState') return;
    const unsealed = Buffer.from(unpad(taken.message));
    const [key, said] = [unsealed.subarray(0, 32), unsealed.subarray(32)];
    const committed = createHmac('sha256', key).update(said).digest('base64');
    if (content?.commitment !== committed) throw new Error('not what was committed to');
    this.#read.push({ id, sender, body: JSON.parse(said.toString()) as Json });
  }

  async #entries(after: number): Promise<readonly Entry[]> {
    const cursors = [{ conversation: this.#conversation, seq: after }];
    const caughtUp = await this.#ask({ type: 'sync', cursors }, 'catch_up');
    return caughtUp['events'] as Entry[];
  }

  async #ask(frame: Json, answer: string): Promise<Json> {
    this.#requests += 1;
    const id = this.#requests;
    const answered = new Promise<Json>((resolve) => this.#answers.set(id, resolve));
    this.socket.send(JSON.stringify({ ...frame, id }));
    const got = await answered;
    this.#answers.delete(id);
    if (got['type'] !== answer) throw new Error(`${String(frame['type'])}: ${JSON.stringify(got)}`);
    return got;
  }
}
