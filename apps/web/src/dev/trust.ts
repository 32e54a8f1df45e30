import type { Command, LoggedDevice, Reply, TrustState } from '../generated/types';
import { idOf, people } from './people';
import { done, refusal } from './replies';

const DAY_MS = 24 * 60 * 60_000;
const NUMBER = '54227 73345 04038 05540 95881 75883 42647 31282 76407 52352 71759 16383'.split(' ');
const CODE = '30118 42907 66120 05513 98274 11036'.split(' ');
/** What the code on the other's screen says. */
export const SCANNED = 'pipit-safety:match';

/** The people of the scripted world that it knows more of than their name. */
const states = new Map<string, TrustState>([
  [people.mila.user, 'unverified'],
  [people.grandma.user, 'changed'],
  [people.jonas.user, 'verified'],
  [people.theo.user, 'broken'],
]);

/** Whether somebody is who they are taken to be, in the scripted world. */
export function trustOf(user: string): TrustState {
  return states.get(user) ?? 'unknown';
}

function device(number: number, approved: boolean, by: number | null): LoggedDevice {
  return {
    device: idOf(3, number),
    since: 1_780_000_000_000 + number * 20 * DAY_MS,
    approved,
    by: by === null ? null : idOf(3, by),
    by_recovery: false,
  };
}

/** Whose devices are whose. */
export class Trusting {
  #approved = false;

  constructor(readonly changed: (user: string) => void) {}

  answer(command: Command): Reply | null {
    if (command.type !== 'trust') return null;
    const { ask } = command;
    switch (ask.type) {
      case 'person': {
        const state = trustOf(ask.user);
        const others = state === 'changed' ? [device(13, false, null)] : [];
        return {
          type: 'person_trust',
          person: {
            user: ask.user,
            state,
            number: state === 'unknown' ? null : NUMBER,
            code: state === 'unknown' ? null : `pipit-safety:${'AAEC'.repeat(22)}`,
            verified_at: state === 'verified' ? 1_790_000_000_000 : null,
            devices: state === 'unknown' ? [] : [device(11, true, null), device(12, true, 11), ...others],
          },
        };
      }
      case 'check_code':
        return {
          type: 'safety_code',
          outcome: ask.code === SCANNED ? 'match' : 'mismatch',
        };
      case 'set_verified':
        if (ask.number !== null && ask.number.join() !== NUMBER.join()) return refusal('number_changed');
        states.set(ask.user, ask.number === null ? 'unverified' : 'verified');
        this.changed(ask.user);
        return done;
      case 'begin_anew':
        states.set(ask.user, 'unverified');
        this.changed(ask.user);
        return done;
      case 'own':
        return {
          type: 'own_keys',
          own: {
            devices: [
              device(1, true, null),
              device(2, true, 1),
              { ...device(3, this.#approved, this.#approved ? 1 : null), code: CODE },
            ],
            broken: false,
          },
        };
      case 'approve':
        if (ask.code.join() !== CODE.join()) return refusal('number_changed');
        this.#approved = true;
        return done;
    }
  }
}
