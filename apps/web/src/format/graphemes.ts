const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** How many characters a text has as people count them: a family of four is one. */
export function graphemesIn(text: string): number {
  return Array.from(segments.segment(text)).length;
}
