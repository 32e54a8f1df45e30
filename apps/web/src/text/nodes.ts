/** A message's text as the views draw it. Only these exist: nothing of a message is ever taken for HTML. */
export type Inline =
  | { type: 'text'; text: string }
  | { type: 'break' }
  | { type: 'code'; text: string }
  | { type: 'mention'; text: string; me: boolean }
  | { type: 'link'; href: string; children: Inline[] }
  | { type: 'strong'; children: Inline[] }
  | { type: 'em'; children: Inline[] }
  | { type: 'strike'; children: Inline[] };

export type Block =
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'quote'; children: Block[] }
  | { type: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { type: 'code'; language: string; text: string };

/** Who can be mentioned here: by handle, in lower case; true for oneself. */
export type Handles = ReadonlyMap<string, boolean>;
