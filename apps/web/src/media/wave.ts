/** The waveform of a voice note: at most so many levels of one byte. */
export const LEVELS_MAX = 64;

/** Brings any number of levels (0 to 1) down to {@link LEVELS_MAX}, each the loudest of its part. */
export function condense(levels: readonly number[], most: number = LEVELS_MAX): Uint8Array {
  const count = Math.min(most, levels.length);
  const condensed = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) {
    const from = Math.floor((index * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / count));
    const loudest = Math.max(...levels.slice(from, to));
    condensed[index] = Math.round(Math.min(1, Math.max(0, loudest)) * 255);
  }
  return condensed;
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
