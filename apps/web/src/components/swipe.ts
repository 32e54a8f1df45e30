import type { Attachment } from 'svelte/attachments';

import { signAlong } from './direction';
import { pressRests } from './gestures';

/** How far a finger goes before it is known whether it scrolls or swipes, in pixels. */
const DECIDED_PX = 10;
/** From here on, letting go does it. */
export const ARMED_PX = 56;
/** How much further it can be drawn, ever harder. */
const BEYOND_PX = 28;
/** Swipes from the edge of the screen are the system's: it goes back. */
const EDGE_PX = 24;
/** Things that are drawn sideways themselves. */
const SLIDES = 'pre, input, audio, video, [role="slider"], [data-reaction]';

/** How far a line goes with a finger that has gone so far: at first with it, then ever less. */
export function drawn(px: number): number {
  if (px <= 0) return 0;
  if (px <= ARMED_PX) return px;
  return ARMED_PX + BEYOND_PX * (1 - Math.exp((ARMED_PX - px) / BEYOND_PX / 2));
}

/** What a finger that has gone so far does: nothing yet, scroll (or go the other way), or swipe. */
export function decided(along: number, across: number): 'open' | 'other' | 'swipe' {
  if (Math.abs(across) > DECIDED_PX && Math.abs(across) >= Math.abs(along)) return 'other';
  if (along < -DECIDED_PX) return 'other';
  return along > DECIDED_PX && along > Math.abs(across) * 1.2 ? 'swipe' : 'open';
}

export interface Swipe {
  /** Of which line. */
  key: string;
  /** Whether letting go now does it. */
  armed: boolean;
}

interface Options {
  /** Whether this line can be swiped now. */
  can: (key: string) => boolean;
  /** What is swiped, while it is. */
  show: (swipe: Swipe | null) => void;
  act: (key: string) => void;
}

const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * Lines (`data-key`) can be swiped by a finger, towards the end of the line's direction. How far one has come is its `--swipe`; where
 * people want no motion it stays where it is, and the rest is the same.
 */
export function swipes({ can, show, act }: Options): Attachment<HTMLElement> {
  return (node) => {
    let row: HTMLElement | null = null;
    let pointer = -1;
    let from = { x: 0, y: 0 };
    let sign = 1;
    let swipe: Swipe | null = null;

    const stop = (): void => {
      row?.style.removeProperty('--swipe');
      row = null;
      pointer = -1;
      if (swipe !== null) show(null);
      swipe = null;
    };
    const down = (event: PointerEvent): void => {
      stop();
      if (event.pointerType === 'mouse' || !event.isPrimary || !(event.target instanceof Element)) return;
      if (event.target.closest(SLIDES) !== null || document.getSelection()?.isCollapsed === false) return;
      const found = event.target.closest<HTMLElement>('[data-key]');
      const key = found?.dataset['key'];
      if (!found || key === undefined || !can(key)) return;
      sign = signAlong(node);
      const edge = sign === 1 ? event.clientX : innerWidth - event.clientX;
      if (edge < EDGE_PX) return;
      row = found;
      pointer = event.pointerId;
      from = { x: event.clientX, y: event.clientY };
    };
    const move = (event: PointerEvent): void => {
      if (row === null || event.pointerId !== pointer) return;
      const key = row.dataset['key'];
      const along = (event.clientX - from.x) * sign;
      if (key === undefined || pressRests()) {
        stop();
        return;
      }
      if (swipe === null) {
        const what = decided(along, event.clientY - from.y);
        if (what === 'other') stop();
        if (what !== 'swipe') return;
        node.setPointerCapture(pointer);
      }
      const armed = along >= ARMED_PX;
      if (armed && swipe?.armed !== true && 'vibrate' in navigator) navigator.vibrate(10);
      if (swipe?.armed !== armed) {
        swipe = { key, armed };
        show(swipe);
      }
      if (!calm()) row.style.setProperty('--swipe', `${(drawn(along) * sign).toFixed(1)}px`);
    };
    const up = (event: PointerEvent): void => {
      if (event.pointerId !== pointer) return;
      const done = swipe?.armed === true ? swipe.key : null;
      stop();
      if (done !== null) act(done);
    };

    const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: stop } as const;
    for (const [name, listener] of Object.entries(listeners))
      node.addEventListener(name, listener as EventListener);
    return () => {
      stop();
      for (const [name, listener] of Object.entries(listeners))
        node.removeEventListener(name, listener as EventListener);
    };
  };
}
