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

const figures = [150, 166, 178, 196, 209]
  .map((x, at) => {
    const top = 112 - (at % 3) * 3;
    return `<circle cx="${x}" cy="${top}" r="4"/><path d="M${x - 5} 142v-20q0-7 5-7t5 7v20z"/>`;
  })
  .join('');

/** Five people on a jetty in the evening sun, as an SVG: something to look at where pictures are shown. */
export const landscape = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240" viewBox="0 0 320 240" preserveAspectRatio="xMidYMid slice">
<defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#8fa9b8"/><stop offset=".6" stop-color="#f0c690"/><stop offset="1" stop-color="#f7dfb4"/></linearGradient>
<linearGradient id="sea" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#dcb98b"/><stop offset=".3" stop-color="#6f94a0"/><stop offset="1" stop-color="#2f5563"/></linearGradient>
</defs>
<path fill="url(#sky)" d="M0 0h320v124H0z"/>
<circle cx="246" cy="92" r="22" fill="#fdf0cf"/>
<path fill="#7b8f86" d="M0 124V98q40-28 82-10t76-6q52 22 96 14t66 8v20z"/>
<path fill="#4e6d62" d="M0 124v-12q50-18 96-4t98 0q70 10 126 2v14z"/>
<path fill="url(#sea)" d="M0 124h320v116H0z"/>
<path fill="#fdf0cf" opacity=".7" d="M228 128h36v2h-36zm6 8h26v2h-26zm-4 9h34v2h-34zm8 10h20v2h-20z"/>
<path fill="#3b2f24" d="M60 142h190v7H60zm14 7h5v34h-5zm52 0h5v40h-5zm54 0h5v40h-5zm52 0h5v34h-5z"/>
<g fill="#2b2620">${figures}</g>
</svg>`;
