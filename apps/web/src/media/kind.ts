/** What a file is to the person who looks at it. */
import type { Attachment, AttachmentView } from '../generated/types';

export type FileKind = 'image' | 'video' | 'voice' | 'audio' | 'file';

/** What browsers draw. Everything else that calls itself a picture (HEIC, AVIF in some, SVG) is shown as a file. */
const DRAWN = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
const PLAYED_VIDEO = new Set(['video/mp4', 'video/webm', 'video/ogg']);
const PLAYED_AUDIO = new Set([
  'audio/mpeg',
  'audio/mp4',
  'audio/ogg',
  'audio/webm',
  'audio/wav',
  'audio/x-wav',
  'audio/aac',
  'audio/flac',
  'audio/x-flac',
  'audio/m4a',
  'audio/x-m4a',
  'audio/opus',
]);

function essence(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Whether this browser draws a file of this type, before a server has looked at it. */
export function isDrawn(mediaType: string): boolean {
  return DRAWN.has(essence(mediaType));
}

/** Whether this browser plays a file of this type, film or sound. */
export function isPlayed(mediaType: string): boolean {
  const type = essence(mediaType);
  return PLAYED_VIDEO.has(type) || PLAYED_AUDIO.has(type);
}

/**
 * The kind of a file. A picture is what the server has made smaller pictures of, or, while it is on its way from this device, what
 * this browser could draw.
 */
export function kindOf({ file, upload }: AttachmentView): FileKind {
  const type = essence(file.media_type);
  const size = file.width !== undefined && file.height !== undefined;
  if (DRAWN.has(type) && (size || upload !== null)) return 'image';
  // What records sound alone is often a WebM or MP4 like a video's.
  if (file.waveform !== undefined && (type.startsWith('audio/') || PLAYED_VIDEO.has(type))) return 'voice';
  if (PLAYED_VIDEO.has(type)) return 'video';
  return PLAYED_AUDIO.has(type) ? 'audio' : 'file';
}

/** Whether a file is on the server, for links to be asked for. */
export function isThere({ upload }: AttachmentView): boolean {
  return upload === null;
}

/** The ending of a name, for its icon: `pdf`; at most five characters. */
export function endingOf({ name }: Pick<Attachment, 'name'>): string {
  const ending = /\.([\p{L}\p{N}]{1,5})$/u.exec(name)?.[1] ?? '';
  return ending.toUpperCase();
}
