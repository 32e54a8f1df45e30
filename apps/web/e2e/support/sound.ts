/** Sound that browsers play: a low tone of so many seconds, as WAV (8 bits, 16 kHz, one channel). */
export function tone(seconds: number): Buffer {
  const rate = 16_000;
  const samples = Buffer.alloc(seconds * rate);
  for (let at = 0; at < samples.length; at += 1)
    samples[at] = 128 + 40 * Math.sin((at * 2 * Math.PI * 220) / rate);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
