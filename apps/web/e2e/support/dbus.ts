/**
 * Messages of D-Bus, as far as a browser and a desktop's notifications need them: the marshalling of version 1 of the
 * specification (<https://dbus.freedesktop.org/doc/dbus-specification.html>), little-endian, basic types and arrays of texts.
 */

export type Value = string | number | boolean | readonly string[];

export const kinds = { call: 1, answer: 2, error: 3, signal: 4 } as const;

const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  error: [4, 's'],
  answers: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const;

type Field = keyof typeof FIELDS;
export type Header = Partial<Record<Field, string | number>>;

export interface Message {
  readonly kind: number;
  readonly serial: number;
  readonly header: Header;
  readonly body: Buffer;
}

const padded = (length: number, to: number): number => Math.ceil(length / to) * to;

class Writer {
  #bytes = Buffer.alloc(0);

  get bytes(): Buffer {
    return this.#bytes;
  }

  align(to: number): this {
    return this.raw(Buffer.alloc(padded(this.#bytes.length, to) - this.#bytes.length));
  }

  raw(bytes: Uint8Array): this {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    return this;
  }

  number(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.align(4).raw(bytes);
  }

  value(type: string, value: Value): this {
    switch (type) {
      case 'u':
      case 'b':
        return this.number(Number(value));
      case 'g': {
        const text = Buffer.from(String(value));
        return this.raw(Buffer.from([text.length]))
          .raw(text)
          .raw(Buffer.from([0]));
      }
      case 'as': {
        const inner = new Writer();
        for (const text of value as readonly string[]) inner.value('s', text);
        return this.number(inner.bytes.length).raw(inner.bytes);
      }
      default: {
        const text = Buffer.from(String(value));
        return this.number(text.length)
          .raw(text)
          .raw(Buffer.from([0]));
      }
    }
  }
}

/** Reads one value after the other. */
export class Reader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get at(): number {
    return this.#at;
  }

  align(to: number): void {
    this.#at = padded(this.#at, to);
  }

  byte(): number {
    this.#at += 1;
    return this.bytes.readUInt8(this.#at - 1);
  }

  number(): number {
    this.align(4);
    this.#at += 4;
    return this.bytes.readUInt32LE(this.#at - 4);
  }

  text(): string {
    return this.#text(this.number());
  }

  signature(): string {
    return this.#text(this.byte());
  }

  texts(): string[] {
    const length = this.number();
    const end = this.#at + length;
    const texts: string[] = [];
    while (this.#at < end) texts.push(this.text());
    return texts;
  }

  #text(length: number): string {
    this.#at += length + 1;
    return this.bytes.toString('utf8', this.#at - length - 1, this.#at - 1);
  }
}

export function write(
  kind: number,
  serial: number,
  header: Header,
  body: readonly (readonly [type: string, value: Value])[] = [],
): Buffer {
  const content = new Writer();
  for (const [type, value] of body) content.value(type, value);
  const fields = new Writer();
  const all: Header =
    body.length === 0 ? header : { ...header, signature: body.map(([type]) => type).join('') };
  for (const [name, value] of Object.entries(all)) {
    const [code, type] = FIELDS[name as Field];
    // Where the array begins is a multiple of eight, so that alignment within it is that of the message.
    fields
      .align(8)
      .raw(Buffer.from([code]))
      .value('g', type)
      .value(type, value);
  }
  const start = Buffer.from(['l'.charCodeAt(0), kind, 1, 1]);
  const head = new Writer().raw(start).number(content.bytes.length).number(serial);
  return head.number(fields.bytes.length).raw(fields.bytes).align(8).raw(content.bytes).bytes;
}

/** The first message of what has come, and how long it is; null where it is not whole. */
export function read(bytes: Buffer): { message: Message; length: number } | null {
  if (bytes.length < 16) return null;
  const reader = new Reader(bytes);
  reader.byte();
  const kind = reader.byte();
  reader.byte();
  reader.byte();
  const size = reader.number();
  const serial = reader.number();
  const fields = reader.number();
  const begin = padded(16 + fields, 8);
  if (bytes.length < begin + size) return null;
  const header: Header = {};
  while (reader.at < 16 + fields) {
    reader.align(8);
    const code = reader.byte();
    const type = reader.signature();
    const value = type === 'u' ? reader.number() : type === 'g' ? reader.signature() : reader.text();
    const name = (Object.keys(FIELDS) as Field[]).find((field) => FIELDS[field][0] === code);
    if (name !== undefined) header[name] = value;
  }
  return {
    message: { kind, serial, header, body: bytes.subarray(begin, begin + size) },
    length: begin + size,
  };
}
