let segmenter: Intl.Segmenter | null = null;

/** A text in characters as people count them: a family of four is one. */
export function graphemesOf(text: string): Intl.Segments {
  // Not before it is needed: the first use of `Intl` takes longer than all else that is done before the first view.
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** How many characters a reader sees. */
export function graphemesIn(text: string): number {
  return Array.from(graphemesOf(text)).length;
}
