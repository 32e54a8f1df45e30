import { changedScene } from './changed';
import { encryptedScene } from './encrypted';
import { laterScene } from './later';
import { linksScene } from './links';
import { longScene } from './long';
import { marksScene } from './marks';
import { pollScene } from './polls';
import { fullScene, keptScene, requestsScene, troubledScene, writtenScene } from './scenes';
import type { Room } from './world';

const scenes: Partial<Record<string, (now: number) => Room[]>> = {
  failing: troubledScene,
  written: writtenScene,
  kept: keptScene,
  changed: changedScene,
  requests: requestsScene,
  polls: pollScene,
  later: laterScene,
  links: linksScene,
  encrypted: encryptedScene,
  long: longScene,
  marks: marksScene,
};

/** The conversations that somebody finds who is signed in, by the name of the scenario. */
export function sceneOf(scenario: string): (now: number) => Room[] {
  return scenes[scenario] ?? fullScene;
}
