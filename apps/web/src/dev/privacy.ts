import type { BlockedPerson, Command, Privacy, Reply } from '../generated/types';
import { people } from './people';
import { done } from './replies';

/** What whoever looks lets others see and do, and whom they block. */
export class PrivacySettings {
  #privacy: Privacy = {
    receipts: true,
    typing: true,
    presence: true,
    found_by: 'everyone',
    written_by: 'everyone',
    added_by: 'known',
    changed_at: 0,
  };
  #blocked: BlockedPerson[] = [
    { profile: people.oskar, at: 1_790_000_000_000 },
    { profile: people.theo, at: 1_780_000_000_000 },
  ];

  /** Does a command about privacy; null where it is another. */
  answer(command: Command): Reply | null {
    switch (command.type) {
      case 'get_privacy':
        return { type: 'privacy', privacy: this.#privacy };
      case 'set_privacy': {
        const changed_at = this.#privacy.changed_at + 1;
        this.#privacy = { ...this.#privacy, ...command.change, changed_at };
        return { type: 'privacy', privacy: this.#privacy };
      }
      case 'list_blocked':
        // One a page.
        return command.after === null && this.#blocked.length > 1
          ? { type: 'blocked', items: this.#blocked.slice(0, 1), next: '1' }
          : { type: 'blocked', items: this.#blocked.slice(-1), next: null };
      case 'unblock':
        this.#blocked = this.#blocked.filter(({ profile }) => profile.user !== command.user);
        return done;
      default:
        return null;
    }
  }
}
