import { presses } from '../../../keys/shortcuts';

/** What stands around words that are so. */
const marks = { bold: '**', slanted: '_', code: '`', struck: '~~' } as const;

/** The marks for a key press, or undefined. */
export function markFor(event: KeyboardEvent): string | undefined {
  const names = Object.keys(marks) as (keyof typeof marks)[];
  const name = names.find((candidate) => presses(event, candidate));
  return name === undefined ? undefined : marks[name];
}

/** Writes in place of what is chosen, as if it had been typed: undo takes it back. */
export function write(area: HTMLTextAreaElement, text: string): void {
  area.focus();
  // Nothing else keeps the field's own undo history.
  if (typeof document.execCommand === 'function' && document.execCommand('insertText', false, text)) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
  area.dispatchEvent(new InputEvent('input', { bubbles: true }));
}

/** Puts marks around the chosen words, or takes them away where they are there. */
export function mark(area: HTMLTextAreaElement, marks: string): void {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const chosen = value.slice(start, end);
  const length = marks.length;
  const around = value.slice(start - length, start) === marks && value.slice(end, end + length) === marks;
  if (around && start >= length) {
    area.setSelectionRange(start - length, end + length);
    write(area, chosen);
    area.setSelectionRange(start - length, end - length);
    return;
  }
  write(area, `${marks}${chosen}${marks}`);
  area.setSelectionRange(start + length, end + length);
}
