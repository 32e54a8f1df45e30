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
  /** It may come at another time: a small copy that was kept stands in for it. */
  readonly later: boolean;
}

/** What is opened of a sealed picture: the smaller one, where it has one that will do. */
function partOf(file: Attachment, pixels: number | null): Part {
  return pixels !== null && file.seal?.thumbnail !== undefined ? 'thumbnail' : 'whole';
}

function opened(app: App, file: Attachment, part: Part): Address {
  app.sealed.want(file, part);
  const why = app.sealed.missing(file, part);
  const path = app.sealed.path(file, part);
  return { path, failed: why !== null, changed: why === 'changed', later: why === 'failed' };
}

function linked(app: App, blob: string): Address {
  const path = app.links.path(blob);
  const why = path === null ? app.links.missing(blob) : null;
  return { path, failed: why !== null, changed: false, later: why === 'failed' };
}

/** For an effect: the address of a picture that fills so many pixels, or of all of it. */
export function wantPicture(app: App, file: Attachment, pixels: 320 | 1_280 | null): Address {
  if (file.seal !== undefined) return opened(app, file, partOf(file, pixels));
  app.links.want(file.blob);
  const address = linked(app, file.blob);
  return { ...address, path: address.path === null ? null : thumbnail(address.path, pixels ?? 1_280) };
}

export function retryPicture(app: App, file: Attachment, pixels: 320 | 1_280 | null): void {
  if (file.seal !== undefined) app.sealed.retry(file, partOf(file, pixels));
  else app.links.retry(file.blob);
}

/** For an effect: the address of what a file plays. */
export function wantPlayed(app: App, file: Attachment): Address {
  if (file.seal !== undefined) {
    const path = app.streams.path(file);
    return path === null ? opened(app, file, 'whole') : { path, failed: false, changed: false, later: false };
  }
  app.links.want(file.blob);
  return linked(app, file.blob);
}

export function retryPlayed(app: App, file: Attachment): void {
  if (file.seal !== undefined) {
    // All of it says why a part did not come.
    app.streams.giveUp(file);
    app.sealed.retry(file, 'whole');
  } else app.links.retry(file.blob);
}
