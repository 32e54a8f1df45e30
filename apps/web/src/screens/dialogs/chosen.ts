import type { Profile } from '../../generated/types';

/** The people chosen after one press: added where they were not, else taken out. */
export function toggled(chosen: readonly Profile[], person: Profile): Profile[] {
  return chosen.some((other) => other.user === person.user)
    ? chosen.filter((other) => other.user !== person.user)
    : [...chosen, person];
}
