import type { Command, NotificationSettings, Reply } from '../generated/types';
import { done } from './replies';

/** How whoever looks is notified. */
export class Notifications {
  #settings: NotificationSettings = { previews: 'message', keywords: [] };

  /** Does a command about notifications; null where it is another. No view pushes anything. */
  answer(command: Command): Reply | null {
    switch (command.type) {
      case 'get_notifications':
        return { type: 'notifications', settings: this.#settings };
      case 'set_notifications':
        this.#settings = command.settings;
        return { type: 'notifications', settings: this.#settings };
      case 'get_push':
        return { type: 'push', state: { key: 'BAAA' } };
      case 'set_push':
        return done;
      case 'test_push':
        return { type: 'push_tested', outcome: 'taken', status: 201 };
      default:
        return null;
    }
  }
}
