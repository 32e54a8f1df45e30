import type { Attachment } from 'svelte/attachments';

import { presses } from '../keys/shortcuts';

/** Where a menu or a popup stands: an element, or a place that a pointer was at. */
export type Anchor = HTMLElement | { getBoundingClientRect: () => DOMRect };

/** How long a finger rests before that asks for a menu. */
const LONG_MS = 450;
/** How far it may move meanwhile, in pixels. */
const STILL_PX = 10;

/** How long after a finger was lifted the browser may still make a press of it. */
const LIFTED_MS = 700;

interface Point {
  readonly x: number;
  readonly y: number;
}

let resting = false;

/** Whether the finger, or the button, that opened a menu is still down: what it lies on, or is lifted from, has not been chosen. */
export function pressRests(): boolean {
  return resting;
}

function isFar(event: PointerEvent, from: Point): boolean {
  return Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL_PX;
}

/** What the browser makes of the finger when it is lifted would press what has come to lie under it. */
function swallow(event: Event): void {
  if (!event.isTrusted) return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * A press that begins anew, a key, or some time after the press was lifted ends it. So does a mouse that is drawn away: it chooses
 * where its button is let go.
 */
function rests(from: Point): void {
  resting = true;
  const events = ['pointerdown', 'keydown'] as const;
  const made = ['mousedown', 'mouseup', 'click'] as const;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    resting = false;
    clearTimeout(timer);
    for (const name of events) removeEventListener(name, end, true);
    for (const name of made) removeEventListener(name, swallow, true);
    removeEventListener('pointermove', drawn, true);
    removeEventListener('pointerup', lifted, true);
  };
  const drawn = (event: PointerEvent): void => {
    if (event.pointerType === 'mouse' && isFar(event, from)) end();
  };
  const lifted = (): void => {
    timer ??= setTimeout(end, LIFTED_MS);
  };
  for (const name of events) addEventListener(name, end, true);
  for (const name of made) addEventListener(name, swallow, true);
  addEventListener('pointermove', drawn, true);
  addEventListener('pointerup', lifted, true);
}

/**
 * Calls `open` where somebody asks for the menu of what is under the pointer or has the focus: by the second button, by a finger
 * that rests, by the menu key or by Shift+F10. `open` says whether there is one; where there is none the browser's own comes.
 */
export function asksForMenu(open: (target: Element, anchor: Anchor) => boolean): Attachment<HTMLElement> {
  return (node) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let from: Point = { x: 0, y: 0 };
    /** The finger that went down last has asked already. */
    let held = false;

    const at = (x: number, y: number): Anchor => ({ getBoundingClientRect: () => new DOMRect(x, y, 0, 0) });
    const ask = (event: Event, anchor: Anchor): boolean =>
      event.target instanceof Element && open(event.target, anchor);
    const rest = (): void => clearTimeout(timer);

    const down = (event: PointerEvent): void => {
      rest();
      held = false;
      if (event.pointerType === 'mouse' || !event.isPrimary) return;
      from = { x: event.clientX, y: event.clientY };
      timer = setTimeout(() => {
        held = ask(event, at(from.x, from.y));
        if (held) rests(from);
      }, LONG_MS);
    };
    const move = (event: PointerEvent): void => {
      if (isFar(event, from)) rest();
    };
    const menu = (event: MouseEvent): void => {
      rest();
      const place = { x: event.clientX, y: event.clientY };
      if (!held && !ask(event, at(place.x, place.y))) return;
      event.preventDefault();
      // On some systems it comes when the button goes down: the menu then lies under it before it is let go.
      if (!held && event.buttons !== 0) rests(place);
    };
    const key = (event: KeyboardEvent): void => {
      const asks = presses(event, 'menu');
      if (asks && event.target instanceof HTMLElement && ask(event, event.target)) event.preventDefault();
    };

    const listeners = {
      pointerdown: down,
      pointermove: move,
      pointerup: rest,
      pointercancel: rest,
      contextmenu: menu,
      keydown: key,
    } as const;
    for (const [name, listener] of Object.entries(listeners))
      node.addEventListener(name, listener as EventListener);
    return () => {
      rest();
      for (const [name, listener] of Object.entries(listeners))
        node.removeEventListener(name, listener as EventListener);
    };
  };
}
