import type { CoreHealth } from '../core/contract';

/** How the core and the app itself are, as the runtime says. */
export class Health implements CoreHealth {
  state = $state.raw<CoreHealth['state']>('starting');
  code = $state.raw<string | null>(null);
  /** Loads the version of the app that is ready. */
  update = $state.raw<(() => void) | null>(null);
}
