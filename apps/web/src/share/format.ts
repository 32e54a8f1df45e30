/**
 * What other apps hand over ("share to Pipit") waits in a cache between the service worker, which takes it, and the page that it
 * opens. Types alone: a module that both run would be a file of its own, which a service worker cannot import everywhere.
 */
export type SharedCache = 'pipit-shared';
export type WordsPath = '/shared';

export interface Words {
  readonly text: string;
  readonly files: readonly { readonly path: string; readonly name: string }[];
}
