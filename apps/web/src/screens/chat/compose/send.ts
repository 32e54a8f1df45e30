/** Sends a message: its files are kept on this device first, then the core is told. */
import type { Command, LinkPreview } from '../../../generated/types';
import { describeCode } from '../../../i18n/errors';
import { rememberLocal } from '../../../media/local';
import { describeFailure, type App } from '../../../state/app.svelte';
import { describe, type Attached } from './attaching.svelte';

/** What is to be sent. */
export interface Draft {
  readonly conversation: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly files: readonly Attached[];
  readonly preview?: LinkPreview | null;
}

/** Null where it is queued; else why it is not. */
export async function sendDraft(app: App, draft: Draft): Promise<string | null> {
  const kept = await Promise.all(draft.files.map(({ blob, file }) => app.keep(blob, file)));
  const code = kept.find((code) => code !== null) ?? null;
  if (code !== null) return describeCode(code);
  const attachments = await Promise.all(draft.files.map(describe));
  for (const { blob, file } of draft.files) rememberLocal(blob, file);
  const command: Command = {
    type: 'send_message',
    message: app.newId(),
    conversation: draft.conversation,
    text: draft.text,
    reply_to: draft.replyTo,
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(draft.preview ? { preview: draft.preview } : {}),
  };
  try {
    await app.ask(command, 'done');
    return null;
  } catch (error) {
    return describeFailure(error);
  }
}
