/** Where a file is shown from: the server, or this page, where it was sealed and opened here. */
import type { Attachment } from '../../../generated/types';
import { thumbnail } from '../../../media/links.svelte';
import type { Part } from '../../../media/sealed.svelte';
import type { App } from '../../../state/app.svelte';

/** An address, or why there is none; neither where it is still to come. */
export interface Address {
  readonly path: string | null;
  readonly failed: boolean;
  /** The bytes are not those that were sealed. */
  readonly changed: boolean;
}

/** What is opened of a sealed picture: the smaller one, where it has one that will do. */
function partOf(file: Attachment, pixels: number | null): Part {
  return pixels !== null && file.seal?.thumbnail !== undefined ? 'thumbnail' : 'whole';
}

function opened(app: App, file: Attachment, part: Part): Address {
  app.sealed.want(file, part);
  const why = app.sealed.missing(file, part);
  return { path: app.sealed.path(file, part), failed: why !== null, changed: why === 'changed' };
}

/** For an effect: the address of a picture that fills so many pixels, or of all of it. */
export function wantPicture(app: App, file: Attachment, pixels: 320 | 1_280 | null): Address {
  if (file.seal !== undefined) return opened(app, file, partOf(file, pixels));
  app.links.want(file.blob);
  const path = app.links.path(file.blob);
  const failed = path === null && app.links.missing(file.blob) !== null;
  return { path: path === null ? null : thumbnail(path, pixels ?? 1_280), failed, changed: false };
}

export function retryPicture(app: App, file: Attachment, pixels: 320 | 1_280 | null): void {
  if (file.seal !== undefined) app.sealed.retry(file, partOf(file, pixels));
  else app.links.retry(file.blob);
}

/** For an effect: the address of what a file plays. */
export function wantPlayed(app: App, file: Attachment): Address {
  if (file.seal !== undefined) {
    const path = app.streams.path(file);
    return path === null ? opened(app, file, 'whole') : { path, failed: false, changed: false };
  }
  app.links.want(file.blob);
  const path = app.links.path(file.blob);
  return { path, failed: path === null && app.links.missing(file.blob) !== null, changed: false };
}

export function retryPlayed(app: App, file: Attachment): void {
  if (file.seal !== undefined) {
    // All of it says why a part did not come.
    app.streams.giveUp(file);
    app.sealed.retry(file, 'whole');
  } else app.links.retry(file.blob);
}
