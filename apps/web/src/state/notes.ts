import type { ConversationKind, UserId } from '../generated/types';
import { t } from '../i18n';

interface Conversation {
  kind: ConversationKind;
  /** The other person. */
  peer: UserId | null;
  title: string;
}

/** Whether it is that of one's notes: one with oneself alone. */
export function areNotes({ kind, peer }: Pick<Conversation, 'kind' | 'peer'>): boolean {
  return kind === 'direct' && peer === null;
}

/** Gives one's notes their name, which depends on the language. */
export function titled<T extends Conversation>(conversation: T): T {
  return areNotes(conversation) ? { ...conversation, title: t('notes.title') } : conversation;
}
