/** A sound for what comes while nobody looks. */

const KEY = 'pipit.sound';
/** Two soft tones, hertz. */
const TONES = [659.25, 880];
const TONE_S = 0.14;
const VOLUME = 0.08;

export function soundIsOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

export function setSound(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? 'on' : 'off');
  } catch {
    // A browser that keeps nothing: it sounds again when the page is opened anew.
  }
}

let context: AudioContext | null = null;

/** Browsers play nothing on a page that nobody has touched yet: then it is silent. */
export async function chime(): Promise<void> {
  if (!('AudioContext' in window)) return;
  context ??= new AudioContext();
  if (context.state === 'suspended') await context.resume().catch(() => undefined);
  if (context.state !== 'running') return;
  for (const [place, hertz] of TONES.entries()) {
    const begins = context.currentTime + place * TONE_S;
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(VOLUME, begins);
    volume.gain.exponentialRampToValueAtTime(0.0001, begins + 2 * TONE_S);
    tone.connect(volume).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + 2 * TONE_S);
  }
}
