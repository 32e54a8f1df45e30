// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { pathOf, Router, type Route } from './router.svelte';

const conversation = (number: number): Route => ({
  name: 'conversation',
  id: `0193a000-0002-7000-8000-00000000000${number}`,
});

/** Something that lies over the screen. */
class Thing {
  shown = true;
  readonly #gone: () => void;

  constructor(router: Router) {
    this.#gone = router.cover(() => (this.shown = false));
  }

  /** It is closed by a button of its own. */
  close(): void {
    this.shown = false;
    this.#gone();
  }
}

/** Until the history has arrived where it was sent, and where it is sent from there: each way is a task of its own. */
async function settled(): Promise<void> {
  for (let task = 0; task < 12; task += 1) await new Promise((done) => setTimeout(done));
}

async function back(): Promise<void> {
  history.back();
  await settled();
}

let router: Router;
const at = (): string => pathOf(router.current);

let listening: Parameters<typeof addEventListener>[] = [];
/** A page goes with all that it listened to. */
function leave(): void {
  for (const [type, listener] of listening.splice(0)) removeEventListener(type, listener);
}

function open(): Router {
  leave();
  const spy = vi.spyOn(window, 'addEventListener');
  const opened = new Router();
  listening = [...spy.mock.calls] as typeof listening;
  spy.mockRestore();
  return opened;
}

// Each test has a list of its own; whoever goes back too far is seen before it.
beforeEach(() => {
  history.pushState(null, '', '/setup');
  history.pushState(null, '', '/');
  router = open();
});
afterEach(leave);

describe('what lies over the screen', () => {
  it('is taken away by going back, the topmost first', async () => {
    router.go(conversation(1));
    const details = new Thing(router);
    const dialog = new Thing(router);
    await back();
    expect([details.shown, dialog.shown]).toEqual([true, false]);
    await back();
    expect(details.shown).toBe(false);
    expect(at()).toBe(pathOf(conversation(1)));
    await back();
    expect(at()).toBe('/');
  });

  it('leaves nothing to go back through where it was closed', async () => {
    router.go(conversation(1));
    for (let round = 0; round < 3; round += 1) new Thing(router).close();
    const [below, above] = [new Thing(router), new Thing(router)];
    above.close();
    below.close();
    await back();
    expect(at()).toBe('/');
  });

  it('may be closed below something that stays', async () => {
    router.go(conversation(1));
    const [below, above] = [new Thing(router), new Thing(router)];
    below.close();
    await back();
    expect(above.shown).toBe(false);
    expect(at()).toBe(pathOf(conversation(1)));
  });

  it('gives way to another at once', async () => {
    router.go(conversation(1));
    const menu = new Thing(router);
    const entries = history.length;
    menu.close();
    const dialog = new Thing(router);
    expect(history.length).toBe(entries);
    await back();
    expect(dialog.shown).toBe(false);
    expect(at()).toBe(pathOf(conversation(1)));
  });

  it('goes with whoever goes elsewhere, and is not come back to', async () => {
    const dialog = new Thing(router);
    const entries = history.length;
    router.go(conversation(1));
    expect(dialog.shown).toBe(false);
    expect(history.length).toBe(entries);
    await back();
    expect(at()).toBe('/');

    router.go(conversation(1));
    const details = new Thing(router);
    router.replace(conversation(2));
    expect(details.shown).toBe(false);
    router.home();
    await settled();
    expect(at()).toBe('/');
    await back();
    expect(at()).toMatch('/setup');
  });

  it('is no step on the way to the list', async () => {
    router.go(conversation(1));
    const [details, dialog] = [new Thing(router), new Thing(router)];
    router.home();
    await settled();
    expect([details.shown, dialog.shown, at()]).toEqual([false, false, '/']);
  });

  it('nor where a link led to a conversation', async () => {
    router.replace(conversation(1));
    new Thing(router).close();
    router.home();
    await settled();
    expect(at()).toBe('/');
    // The list has taken the place of the conversation.
    await back();
    expect(at()).toMatch('/setup');
  });

  it('is forgotten with the page, and its entry passed over', async () => {
    router.go(conversation(1));
    new Thing(router);
    router = open();
    await back();
    expect(at()).toBe('/');
  });
});
