/** A key, and what is held with it. */
export interface Chord {
  /** As `KeyboardEvent.key` says it, in small letters. */
  readonly key: string;
  /** Ctrl, or Cmd on a Mac. */
  readonly mod?: true;
  readonly shift?: true;
}

export interface Shortcut {
  readonly place: Place;
  /** Each of them does it. */
  readonly chords: readonly Chord[];
  /** The browser, or the library of a control, does it: it is listed, and nothing of ours listens for it. */
  readonly native?: true;
}

export const places = ['everywhere', 'list', 'messages', 'writing'] as const;
export type Place = (typeof places)[number];

/** All of them: what handlers of keys ask `presses` for, and what the sheet of shortcuts lists, in its order. */
const table = {
  help: { place: 'everywhere', chords: [{ key: '?' }, { key: '/', mod: true }] },
  search: { place: 'everywhere', chords: [{ key: 'k', mod: true }] },
  part: {
    place: 'everywhere',
    chords: [{ key: 'tab' }, { key: 'tab', shift: true }],
    native: true,
  },
  close: { place: 'everywhere', chords: [{ key: 'escape' }], native: true },
  row: { place: 'list', chords: [{ key: 'arrowup' }, { key: 'arrowdown' }], native: true },
  filter: { place: 'list', chords: [{ key: 'arrowleft' }, { key: 'arrowright' }], native: true },
  menu: { place: 'list', chords: [{ key: 'f10', shift: true }, { key: 'contextmenu' }] },
  find: { place: 'messages', chords: [{ key: 'f', mod: true }] },
  older: { place: 'messages', chords: [{ key: 'arrowup' }] },
  newer: { place: 'messages', chords: [{ key: 'arrowdown' }] },
  first: { place: 'messages', chords: [{ key: 'home' }] },
  last: { place: 'messages', chords: [{ key: 'end' }] },
  answer: { place: 'messages', chords: [{ key: 'enter' }] },
  choose: { place: 'messages', chords: [{ key: ' ' }] },
  send: { place: 'writing', chords: [{ key: 'enter' }] },
  new_line: { place: 'writing', chords: [{ key: 'enter', shift: true }], native: true },
  edit_last: { place: 'writing', chords: [{ key: 'arrowup' }] },
  bold: { place: 'writing', chords: [{ key: 'b', mod: true }] },
  slanted: { place: 'writing', chords: [{ key: 'i', mod: true }] },
  code: { place: 'writing', chords: [{ key: 'e', mod: true }] },
  struck: { place: 'writing', chords: [{ key: 'x', mod: true, shift: true }] },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof table;
export const shortcuts: Readonly<Record<ShortcutName, Shortcut>> = table;
export const names = Object.keys(table) as ShortcutName[];

/** Whether a key press is this shortcut. */
export function presses(event: KeyboardEvent, name: ShortcutName): boolean {
  return shortcuts[name].chords.some((chord) => isPressed(event, chord));
}

function isPressed(event: KeyboardEvent, { key, mod, shift }: Chord): boolean {
  if (event.key.toLowerCase() !== key || event.altKey) return false;
  if (mod === true ? event.ctrlKey === event.metaKey : event.ctrlKey || event.metaKey) return false;
  // Where a sign is on the keyboard decides whether it takes Shift.
  return /^[!-/:-@]$/u.test(key) || event.shiftKey === (shift === true);
}

/** The same for `aria-keyshortcuts`. */
export function ariaKeys(name: ShortcutName): string {
  const named = ({ key, mod, shift }: Chord, held: string): string =>
    [...(mod === true ? [held] : []), ...(shift === true ? ['Shift'] : []), key.toUpperCase()].join('+');
  return shortcuts[name].chords
    .flatMap((chord) =>
      chord.mod === true ? [named(chord, 'Control'), named(chord, 'Meta')] : [named(chord, '')],
    )
    .join(' ');
}

/** Whether somebody writes there: then a key that is a sign is what they write. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  return (
    target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type)
  );
}

/** Whether a dialog or a menu is before everything: what is behind it does nothing. */
export function isCovered(): boolean {
  return document.querySelector('[role$="dialog"], [role="menu"]') !== null;
}
