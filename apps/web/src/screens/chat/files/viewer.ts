import { part } from '../../../i18n/load';
import type { AttachmentView, TimelineItem } from '../../../generated/types';
import { t } from '../../../i18n';
import { kindOf } from '../../../media/kind';

/** A picture in the viewer. */
export interface Shown {
  readonly view: AttachmentView;
  readonly sender: string;
  readonly at: number;
}

/** The pictures of a timeline, oldest first. */
export function picturesOf(items: readonly TimelineItem[]): Shown[] {
  return items.flatMap((item) =>
    item.body.type === 'message'
      ? item.body.attachments
          .filter((view) => kindOf(view) === 'image')
          .map((view) => ({ view, sender: item.mine ? t('chat.you') : item.sender_name, at: item.at }))
      : [],
  );
}

/** The viewer is loaded when the first picture is opened. */
export const lazyViewer = () => part(import('./Viewer.svelte'));
