/** What Ctrl and a letter put around the chosen words; with Shift where it says so. */
const marks: Record<string, string> = { b: '**', i: '_', e: '`', 'shift+x': '~~' };

/** The marks for a key press, or undefined. */
export function markFor(event: KeyboardEvent): string | undefined {
  if (event.altKey || event.ctrlKey === event.metaKey) return undefined;
  return marks[`${event.shiftKey ? 'shift+' : ''}${event.key.toLowerCase()}`];
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
