/** Sends a message: its files are kept on this device first, then the core is told. */
import type { Command, LinkPreview, NewAttachment } from '../../../generated/types';
import { describeCode } from '../../../i18n/errors';
import { rememberLocal } from '../../../media/local';
import { prepare } from '../../../media/prepare';
import { describeFailure, type App } from '../../../state/app.svelte';
import { describe, type Attached } from './attaching.svelte';

/** What is to be sent. */
export interface Draft {
  readonly conversation: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly files: readonly Attached[];
  /** Whether the conversation is encrypted. */
  readonly encrypted: boolean;
  readonly preview?: LinkPreview | null;
  /** Of a message that is there already, or is kept over a retry. */
  readonly message?: string;
  /** When, where that is not at once. */
  readonly sendAt?: number;
}

/** The device does not keep a file. */
class NotKept extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

async function keep(app: App, blob: string, bytes: Blob): Promise<void> {
  const code = await app.keep(blob, bytes);
  if (code !== null) throw new NotKept(code);
}

async function keepOpen(app: App, files: readonly Attached[]): Promise<NewAttachment[]> {
  await Promise.all(files.map(({ blob, file }) => keep(app, blob, file)));
  const attachments = await Promise.all(files.map(describe));
  for (const { blob, file } of files) rememberLocal(blob, file);
  return attachments;
}

/** What the server does for others this device does itself. One after the other: each picture is in memory as pixels. */
async function keepSealed(app: App, files: readonly Attached[]): Promise<NewAttachment[]> {
  const attachments: NewAttachment[] = [];
  for (const item of files) {
    const made = await prepare(item.file);
    await keep(app, item.blob, made.kept);
    rememberLocal(item.blob, made.file);
    attachments.push({
      ...(await describe({ ...item, file: made.file, url: null })),
      width: made.width,
      height: made.height,
      preview: made.preview,
      thumbnail: made.thumbnail,
    });
  }
  return attachments;
}

/** Null where it is queued, or scheduled; else why it is not. */
export async function sendDraft(app: App, draft: Draft): Promise<string | null> {
  let attachments: NewAttachment[];
  try {
    attachments = await (draft.encrypted ? keepSealed(app, draft.files) : keepOpen(app, draft.files));
  } catch (error) {
    if (error instanceof NotKept) return describeCode(error.code);
    throw error;
  }
  const said = {
    message: draft.message ?? app.newId(),
    conversation: draft.conversation,
    text: draft.text,
    reply_to: draft.replyTo,
    ...(attachments.length > 0 ? { attachments } : {}),
  };
  const command: Command =
    draft.sendAt === undefined
      ? { type: 'send_message', ...said, ...(draft.preview ? { preview: draft.preview } : {}) }
      : { type: 'schedule_message', ...said, send_at: draft.sendAt };
  try {
    await app.ask(command, 'done');
    return null;
  } catch (error) {
    return describeFailure(error);
  }
}
