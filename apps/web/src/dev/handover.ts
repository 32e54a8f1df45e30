import type {
  ArchivesView,
  BackupState,
  BackupView,
  Command,
  HandoverState,
  Reply,
  TakingView,
  WaitingDevice,
} from '../generated/types';
import { idOf } from './people';
import { done, refusal } from './replies';

/** The code that the waiting device shows. */
const CODE = 'EDMQ-GX35-CNQ2-0RKS-EHJQ-683F-DEZR';
const RECOVERY_CODE = 'K7TW-0PXM-9QHD-3FZB-YR84-NC5V-J2GA';

function waitingDevice(): WaitingDevice {
  return {
    archive: idOf(9, 1),
    device: idOf(3, 7),
    name: 'Firefox on Linux',
    at: Date.now() - 2 * 60_000,
  };
}

function taking(state: HandoverState, change: Partial<TakingView> = {}): TakingView {
  return { code: null, state, done: 0, total: 0, came: 0, left: 0, ...change };
}

function backup(state: BackupState): BackupView {
  const at = Date.now() - 5 * 60_000;
  const has_one = state.state !== 'off';
  return {
    state,
    at: state.state === 'kept' ? at : null,
    size: has_one ? 734_000 : 0,
    changed_at: has_one ? at : null,
  };
}

const views: Partial<Record<string, () => Partial<ArchivesView>>> = {
  'handover-gap': () => ({ has_gap: true }),
  'handover-waiting': () => ({ waiting: [waitingDevice()] }),
  'handover-getting': () => ({
    taking: taking({ state: 'running' }, { done: 420, total: 1_000, came: 380 }),
  }),
  'handover-got': () => ({ taking: taking({ state: 'done' }, { done: 9, total: 9, came: 1_234, left: 12 }) }),
  'handover-expired': () => ({ taking: taking({ state: 'failed', code: 'expired' }) }),
  'recovery-locked': () => ({ has_gap: true, backup: backup({ state: 'locked' }) }),
  'recovery-restoring': () => ({ backup: backup({ state: 'restoring', done: 3, total: 8 }) }),
  'recovery-kept': () => ({ backup: backup({ state: 'kept' }) }),
  'recovery-failed': () => ({ backup: backup({ state: 'failed', code: 'quota_exceeded' }) }),
  'handover-giving': () => ({
    giving: { device_name: 'Firefox on Linux', state: { state: 'running' }, done: 1, total: 3 },
  }),
};

function plain(code: string): string {
  return code.toUpperCase().replaceAll(/[\s-]/g, '');
}

/** What the devices of whoever looks hand over to each other, by the name of the scenario. */
export class Handovers {
  #view: ArchivesView;

  constructor(
    scenario: string,
    readonly tell: (archives: ArchivesView) => void,
  ) {
    this.#view = {
      waiting: [],
      giving: null,
      taking: null,
      has_gap: false,
      backup: backup({ state: 'off' }),
      ...views[scenario]?.(),
    };
  }

  get view(): ArchivesView {
    return this.#view;
  }

  /** Does a command about hand-overs; null where it is another. */
  answer(command: Command): Reply | null {
    switch (command.type) {
      case 'ask_devices':
        return this.#change({ has_gap: false, taking: taking({ state: 'waiting' }, { code: CODE }) });
      case 'stop_asking':
        return this.#change({ has_gap: false, taking: taking({ state: 'declined' }) });
      case 'check_device_code': {
        const typed = plain(command.code);
        const [device] = this.#view.waiting;
        if (typed.length !== 28) return refusal('code_malformed');
        if (typed !== plain(CODE)) return refusal('code_slip');
        return device === undefined ? refusal('code_unknown') : { type: 'waiting_device', device };
      }
      case 'approve_device': {
        const device_name = this.#view.waiting[0]?.name ?? '';
        return this.#change({
          waiting: [],
          giving: { device_name, state: { state: 'running' }, done: 40, total: 100 },
        });
      }
      case 'decline_device':
        return this.#change({ waiting: [] });
      case 'new_recovery_code':
        return { type: 'recovery_code', code: RECOVERY_CODE };
      case 'begin_backup':
        return this.#change({ backup: backup({ state: 'kept' }) });
      case 'restore_backup': {
        const typed = plain(command.code);
        if (typed.length !== 28) return refusal('code_malformed');
        if (typed === plain(CODE)) return refusal('code_of_device');
        if (typed !== plain(RECOVERY_CODE)) return refusal('code_slip_recovery');
        return this.#change({ has_gap: false, backup: backup({ state: 'restoring', done: 3, total: 8 }) });
      }
      case 'end_backup':
        return this.#change({ backup: backup({ state: 'off' }) });
      case 'dismiss_handover':
        return done;
      default:
        return null;
    }
  }

  #change(change: Partial<ArchivesView>): Reply {
    this.#view = { ...this.#view, ...change };
    this.tell(this.#view);
    return done;
  }
}
