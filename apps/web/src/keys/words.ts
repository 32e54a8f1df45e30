import { t } from '../i18n';
import type { Chord } from './shortcuts';

/** A key as it stands on its cap, and as it is said. */
export interface Cap {
  readonly shown: string;
  readonly said: string;
}

const named = ['enter', 'escape', 'tab', 'home', 'end', 'contextmenu'] as const;
const arrows = { arrowup: '↑', arrowdown: '↓', arrowleft: '←', arrowright: '→' } as const;

function isNamed(key: string): key is (typeof named)[number] {
  return (named as readonly string[]).includes(key);
}

function isArrow(key: string): key is keyof typeof arrows {
  return key in arrows;
}

function cap(key: string): Cap {
  if (isArrow(key)) return { shown: arrows[key], said: t(`key.${key}`) };
  const shown = isNamed(key) ? t(`key.${key}`) : key === ' ' ? t('key.space') : key.toUpperCase();
  return { shown, said: shown };
}

/** The keys of a shortcut, in the order in which they are pressed. */
export function capsOf({ key, mod, shift }: Chord, mac: boolean): Cap[] {
  const held: Cap[] = [];
  if (mod === true)
    held.push(mac ? { shown: '⌘', said: t('key.cmd') } : { shown: t('key.ctrl'), said: t('key.ctrl') });
  if (shift === true) held.push({ shown: mac ? '⇧' : t('key.shift'), said: t('key.shift') });
  return [...held, cap(key)];
}

/** Whether this device has a keyboard with a Cmd key. */
export function isMac(): boolean {
  return /Mac|iP(?:hone|ad)/u.test(navigator.userAgent);
}
