import type { MessageId, Unsent } from '../generated/types';
import { t } from '../i18n';
import '../i18n/later';
import type { Shared } from './take';

/** What somebody has written to one conversation that they are not in any more. */
export interface PutAside extends Shared {
  /** The messages that it is. */
  readonly messages: readonly MessageId[];
  /** Why it was not sent. */
  readonly why: string;
  /** How many files it had: those are gone. */
  readonly lost: number;
  /** It goes to no conversation that is not. */
  readonly encrypted: boolean;
}

/** That of the conversation whose words have waited the longest; null where nothing does. */
export function putAside(unsent: readonly Unsent[]): PutAside | null {
  const [first] = unsent;
  if (first === undefined) return null;
  const { conversation, name, removed } = first;
  const all = unsent.filter((item) => item.conversation === conversation);
  return {
    messages: all.map(({ message }) => message),
    why: whyOf(name, removed),
    text: all.flatMap(({ text }) => (text === '' ? [] : [text])).join('\n'),
    files: [],
    lost: all.reduce((sum, { files }) => sum + files, 0),
    encrypted: all.some(({ encrypted }) => encrypted),
  };
}

function whyOf(name: string, removed: boolean): string {
  if (removed) return name === '' ? t('chat.removed.unnamed') : t('chat.removed', { name });
  return name === '' ? t('error.not_member') : t('share.aside.left', { name });
}
