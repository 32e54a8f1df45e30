/** Keeps a view's lists right when the core moves to another worker. */
import type { Command, Splice, Update } from '../generated/types';
import type { NumberedCommand } from './protocol';

/**
 * Counts what a view's lists hold. A new leader's engine begins each list with a splice into an empty one; the first update of a
 * list after {@link Lists.restart} is therefore made to empty it first.
 *
 * The count can be too high (the timeline was opened again meanwhile), never too low; a splice takes what there is.
 */
export class Lists {
  #conversations = 0;
  #emptyConversations = false;
  #timeline = 0;
  #timelineOf: string | null = null;
  #emptyTimeline = false;

  /** From now on the updates come from another engine. */
  restart(): void {
    this.#emptyConversations = true;
    this.#emptyTimeline = true;
  }

  /** What the view is to get for this update. */
  pass(update: Update): Update {
    switch (update.type) {
      case 'conversations': {
        const splices = this.#emptyConversations
          ? emptied(update.splices, this.#conversations)
          : update.splices;
        this.#emptyConversations = false;
        this.#conversations = lengthAfter(this.#conversations, splices);
        return { ...update, splices };
      }
      case 'timeline': {
        const { conversation } = update.header;
        if (conversation !== this.#timelineOf) {
          // The view starts another timeline with an empty list by itself.
          this.#timelineOf = conversation;
          this.#timeline = 0;
        }
        const splices = this.#emptyTimeline ? emptied(update.splices, this.#timeline) : update.splices;
        this.#emptyTimeline = false;
        this.#timeline = lengthAfter(this.#timeline, splices);
        return { ...update, splices };
      }
      case 'timeline_gone':
        this.#timelineOf = null;
        this.#timeline = 0;
        return update;
      default:
        return update;
    }
  }
}

function emptied<T>(splices: Splice<T>[], length: number): Splice<T>[] {
  return length === 0 ? splices : [{ at: 0, remove: length, insert: [] }, ...splices];
}

function lengthAfter<T>(length: number, splices: readonly Splice<T>[]): number {
  let result = length;
  for (const { remove, insert } of splices) result = Math.max(result - remove, 0) + insert.length;
  return result;
}

/**
 * What a view has told the core of itself and a new leader has to know: whether it can be seen, whether there is a network,
 * which conversations it lists, and which timeline is open. Only the last of each counts.
 */
export class Standing {
  readonly #last = new Map<string, NumberedCommand>();

  note(numbered: NumberedCommand): void {
    const subject = subjectOf(numbered.command);
    if (subject !== null) this.#last.set(subject, numbered);
  }

  /** The commands to say again, in the order in which they were said. */
  all(): NumberedCommand[] {
    return [...this.#last.values()]
      .filter(({ command }) => command.type !== 'close_timeline')
      .sort((a, b) => a.id - b.id);
  }
}

function subjectOf(command: Command): string | null {
  switch (command.type) {
    case 'set_visible':
    case 'set_online':
    case 'set_list_filter':
      return command.type;
    case 'open_timeline':
    case 'open_timeline_at':
    case 'close_timeline':
      return 'timeline';
    default:
      return null;
  }
}
