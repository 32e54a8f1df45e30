import type { Core } from '../core/contract';
import type { ConversationId, TimelineHeader } from '../generated/types';

/** How soon what the device had no room for is tried again. */
const RETRY_MS = 10_000;

/** What is being written. What this device cannot keep just now is kept by the page, until it can. */
export class Drafts {
  /** Whether there are any that the device has no room for. */
  homeless = $state(false);
  /** Those that the core has not said to have. */
  readonly #unkept = new Map<ConversationId, string>();
  readonly #send: Core['send'];
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(send: Core['send']) {
    this.#send = send;
  }

  /** What somebody was writing in a conversation. */
  of({ conversation, draft }: TimelineHeader): string {
    return this.#unkept.get(conversation) ?? draft;
  }

  /** Resolves to whether this device has it now. */
  async save(conversation: ConversationId, text: string): Promise<boolean> {
    this.#unkept.set(conversation, text);
    const reply = await this.#send({ type: 'save_draft', conversation, text });
    const has = reply.type !== 'failed';
    // Something else was written meanwhile.
    if (this.#unkept.get(conversation) !== text) return has;
    if (reply.type === 'failed' && reply.error.code === 'storage') {
      this.homeless = true;
      this.#retry ??= setTimeout(() => this.#again(), RETRY_MS);
    } else {
      this.#unkept.delete(conversation);
      if (this.#unkept.size === 0) this.homeless = false;
    }
    return has;
  }

  /** Of whoever has signed out nothing stays. */
  forget(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#unkept.clear();
    this.homeless = false;
  }

  #again(): void {
    this.#retry = undefined;
    for (const [conversation, text] of [...this.#unkept]) void this.save(conversation, text);
  }
}
