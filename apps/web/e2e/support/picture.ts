import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const BLOCK_PX = 4;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  const check = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function picture(width: number, height: number, rows: Buffer, said: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...said,
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A picture of one colour, as a PNG. */
export function png(width: number, height: number, [red, green, blue]: [number, number, number]): Buffer {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([red, green, blue]))]);
  const rows = Buffer.concat(Array.from({ length: height }, () => row));
  return picture(width, height, rows, []);
}

/** A picture of blocks of many colours, always the same, as a PNG of some hundred kilobytes, that says something of itself. */
export function noise(width: number, height: number, said: Readonly<Record<string, string>>): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const colours = createHash('shake256', { outputLength: Math.ceil(width / BLOCK_PX) * 3 })
      .update(String(Math.floor(y / BLOCK_PX)))
      .digest();
    for (let x = 0; x < width; x += 1) {
      const from = Math.floor(x / BLOCK_PX) * 3;
      colours.copy(rows, y * (width * 3 + 1) + 1 + x * 3, from, from + 3);
    }
  }
  const texts = Object.entries(said).map(([key, text]) =>
    chunk('tEXt', Buffer.from(`${key}\0${text}`, 'latin1')),
  );
  return picture(width, height, rows, texts);
}
