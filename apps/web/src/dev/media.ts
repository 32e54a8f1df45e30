import type { Attachment, AttachmentView, BlobLink, NewAttachment, UploadState } from '../generated/types';
import { idOf, people } from './people';
import { append, failed, message, newRoom, type Room } from './world';

const MINUTE_MS = 60_000;
/** Small landscapes, as ThumbHashes. */
const PREVIEWS = ['o+cRFYR3d4d/d3iHiFiIeIAyCKiT', 'XBgSFYSIeIiAiIh4eKiHh4/N91hs'];

let blobs = 0;

function file(name: string, media_type: string, size: number, more: Partial<Attachment> = {}): Attachment {
  blobs += 1;
  return { blob: idOf(7, blobs), name, media_type, size, ...more };
}

function picture(name: string, width: number, height: number, caption?: string): Attachment {
  const preview = PREVIEWS[blobs % PREVIEWS.length] ?? '';
  return file(name, 'image/jpeg', 2_400_000, {
    width,
    height,
    preview,
    ...(caption === undefined ? {} : { caption }),
  });
}

/** Louder and quieter, as speech is. */
function speech(): string {
  const levels = Array.from({ length: 64 }, (_, index) =>
    Math.round(40 + 170 * Math.abs(Math.sin(index / 3) * Math.cos(index / 11))),
  );
  return btoa(String.fromCharCode(...levels));
}

function withFiles(text: string, files: readonly AttachmentView[]) {
  return { ...message(text), attachments: [...files] } as ReturnType<typeof message>;
}

const there = (file: Attachment): AttachmentView => ({ file, upload: null });

function onItsWay(file: Attachment, state: UploadState, part: number): AttachmentView {
  return { file, upload: { state, sent: Math.round(file.size * part), size: file.size } };
}

/** A conversation with files of every kind, sent and on their way. */
export function mediaRoom(now: number): Room {
  const room = newRoom(20, 'direct', people.mila.name, [
    { profile: people.me, role: 'member', presence: 'online' },
    { profile: people.mila, role: 'member', presence: 'online' },
  ]);
  const at = (minutes: number): number => now - minutes * MINUTE_MS;
  const mila = people.mila;
  append(room, mila, at(62), { type: 'created', title: null });
  append(
    room,
    mila,
    at(58),
    withFiles('The whole crew, finally in one place.', [
      there(picture('crew.jpg', 1600, 1200, 'Five people on a jetty in the evening sun')),
    ]),
  );
  append(
    room,
    people.me,
    at(51),
    withFiles(
      '',
      ['a', 'b', 'c', 'd'].map((name) => there(picture(`${name}.jpg`, 1200, 900))),
    ),
  );
  append(
    room,
    mila,
    at(40),
    withFiles('', [
      there(file('Voice note.webm', 'audio/webm', 48_000, { duration_ms: 14_000, waveform: speech() })),
    ]),
  );
  append(
    room,
    people.me,
    at(33),
    withFiles('And the plan for Sunday.', [
      there(file('Route along the river.pdf', 'application/pdf', 1_843_200)),
    ]),
  );
  append(
    room,
    people.me,
    at(3),
    withFiles('', [onItsWay(picture('sunset.jpg', 1600, 1000), { state: 'sending' }, 0.4)]),
  ).delivery = { state: 'queued' };
  append(
    room,
    people.me,
    at(2),
    withFiles('The film of it', [
      onItsWay(file('boat.mp4', 'video/mp4', 74_000_000), { state: 'paused' }, 0.25),
    ]),
  ).delivery = { state: 'queued' };
  append(
    room,
    people.me,
    at(1),
    withFiles('', [
      onItsWay(
        file('backup.zip', 'application/zip', 98_000_000),
        { state: 'failed', code: 'quota_exceeded' },
        0,
      ),
    ]),
  ).delivery = failed('quota_exceeded');
  room.readSeq = room.log.length;
  return room;
}

/** What the timeline shows of files that have just been queued. */
export function queued(files: readonly NewAttachment[]): AttachmentView[] {
  return files.map(({ blob, name, media_type, size, width, height, duration_ms, waveform, caption }) => {
    const known: Attachment = { blob, name, media_type, size };
    if (width !== null && height !== null) Object.assign(known, { width, height });
    if (duration_ms !== null) known.duration_ms = duration_ms;
    if (waveform !== null) known.waveform = waveform;
    if (caption !== null) known.caption = caption;
    return onItsWay(known, { state: 'waiting' }, 0);
  });
}

/** Of a message that is sent later: one is there, the other on its way. */
export function laterFiles(): AttachmentView[] {
  return [
    there(picture('poster.jpg', 1200, 900, 'The poster of the meet')),
    onItsWay(file('start list.pdf', 'application/pdf', 5_400_000), { state: 'sending' }, 0.4),
  ];
}

export function linksFor(blobs: readonly string[]): { items: BlobLink[]; expires_at: number } {
  const items = blobs.map((blob) => ({ blob, path: `/v1/blobs/${blob}?t=scripted` }));
  return { items, expires_at: Date.now() + 8 * MINUTE_MS };
}

/** Carries out what somebody does with a file that is on its way. False where there is no such file. */
export function steer(
  room: Room,
  command: { type: 'pause_upload' | 'resume_upload' | 'cancel_upload'; blob: string },
): Room['log'][number] | null {
  for (const item of room.log) {
    if (item.body.type !== 'message') continue;
    const view = item.body.attachments.find(({ file }) => file.blob === command.blob);
    if (view?.upload == null) continue;
    if (command.type === 'cancel_upload')
      item.body.attachments = item.body.attachments.filter((other) => other !== view);
    else view.upload.state = { state: command.type === 'pause_upload' ? 'paused' : 'sending' };
    return item;
  }
  return null;
}
