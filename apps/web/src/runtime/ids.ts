/** Ids that views make: UUIDs of version 7 (RFC 9562, section 5.7). */

const COUNTER_MAX = 0xfff;

/**
 * Makes ids that sort in the order of their making, within one page also where several fall into one millisecond: the twelve
 * bits behind the time count (RFC 9562, section 6.2, method 1), from a random start that leaves room.
 */
export function createIdSource(
  now: () => number,
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void,
): () => string {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const bytes = new Uint8Array(16);
    fillRandom(bytes);
    const view = new DataView(bytes.buffer);
    const nowMs = now();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = view.getUint16(6) & (COUNTER_MAX >> 1);
    } else if (counter < COUNTER_MAX) {
      counter += 1;
    } else {
      // The clock stands still or went back, and this millisecond is full: borrow the next one.
      lastMs += 1;
      counter = 0;
    }
    view.setUint16(0, Math.floor(lastMs / 2 ** 32));
    view.setUint32(2, lastMs % 2 ** 32);
    view.setUint16(6, 0x7000 | counter);
    view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
    return format(bytes);
  };
}

function format(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A new UUIDv7 from this device's clock and randomness. */
export const newId: () => string = createIdSource(
  () => Date.now(),
  (bytes) => crypto.getRandomValues(bytes),
);
