const CONTROLS = 'input:checked, input:not([type=radio], [type=file]), select, textarea, button, a[href]';

/**
 * Brings a setting into view and the focus into it. Pages that ask the server first have it later: it is waited for as long as
 * the focus stays where this has put it. Returns what ends the waiting.
 */
export function reach(page: HTMLElement, setting: string): () => void {
  if (enter(page, setting)) return () => {};
  page.focus({ preventScroll: true });
  const observer = new MutationObserver(() => {
    if (document.activeElement !== page || enter(page, setting)) observer.disconnect();
  });
  observer.observe(page, { childList: true, subtree: true });
  return () => observer.disconnect();
}

function enter(page: HTMLElement, setting: string): boolean {
  const found = page.querySelector<HTMLElement>(`[data-setting="${CSS.escape(setting)}"]`);
  found?.scrollIntoView({ block: 'center' });
  const inside = found?.querySelector<HTMLElement>(CONTROLS);
  inside?.focus({ preventScroll: true });
  return inside != null;
}
