/** Files in words: for screen readers, previews and quotes. */
import type { AttachmentView } from '../../../generated/types';
import { t } from '../../../i18n';
import { kindOf, type FileKind } from '../../../media/kind';
import { formatDuration } from '../../../media/size';

/** What a message's files are, in one phrase; empty where it has none. */
export function filesInWords(views: readonly AttachmentView[]): string {
  const groups = new Map<FileKind, AttachmentView[]>();
  for (const view of views) groups.set(kindOf(view), [...(groups.get(kindOf(view)) ?? []), view]);
  return Array.from(groups, ([kind, members]) => wordsOf(kind, members)).join(t('chat.item_join'));
}

function wordsOf(kind: FileKind, views: readonly AttachmentView[]): string {
  const [first] = views;
  const { caption, name = '', duration_ms = 0 } = first?.file ?? {};
  const single = views.length === 1;
  switch (kind) {
    case 'image':
      if (!single) return t('files.pictures', { count: views.length });
      return caption === undefined ? t('files.photo') : t('files.picture_of', { caption });
    case 'voice':
      return t('files.voice', { length: formatDuration(duration_ms) });
    case 'video':
      return single ? t('files.video_named', { name }) : t('files.videos', { count: views.length });
    default:
      return single ? t('files.file_named', { name }) : t('files.files', { count: views.length });
  }
}
