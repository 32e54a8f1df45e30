import type { Block, Handles } from './nodes';
import { hasMarkup, plainBlocks } from './plain';

type Parse = (text: string, handles: Handles) => Block[];

let parse = $state.raw<Parse | null>(null);
let loading: Promise<void> | null = null;

/** Loads the parser: it is larger than the rest of a first view, and most messages are plain. */
export function loadParser(): Promise<void> {
  loading ??= import('./markdown').then(
    ({ parseMarkdown }) => {
      parse = parseMarkdown;
    },
    () => {
      // Text stays as it was written; the next message asks again.
      loading = null;
    },
  );
  return loading;
}

/** A message's text in blocks: as written until the parser is there. */
export function blocksFor(text: string, handles: Handles): Block[] {
  if (!hasMarkup(text)) return plainBlocks(text, handles);
  if (parse === null) return plainBlocks(text, handles);
  const blocks = parse(text, handles);
  return blocks.length === 0 ? plainBlocks(text, handles) : blocks;
}
