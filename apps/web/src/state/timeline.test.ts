import { describe, expect, it } from 'vitest';

import type { Core } from '../core/contract';
import { headerFor, message, newRoom, append } from '../dev/world';
import { people } from '../dev/people';
import type { Command, Reply, TimelineItem, Update } from '../generated/types';
import { Timeline } from './timeline.svelte';

const NOW = 1_700_000_000_000;

function room(number: number) {
  const made = newRoom(number, 'direct', people.mila.name, []);
  append(made, people.mila, NOW, message('one'));
  append(made, people.me, NOW + 1, message('two'));
  return made;
}

/** A core whose answers the test gives. */
function manualCore() {
  const sent: { command: Command; answer: (reply: Reply) => void }[] = [];
  const core: Core = {
    send: (command) => new Promise((resolve) => sent.push({ command, answer: resolve })),
    keep: () => Promise.resolve(null),
    subscribe: () => () => {},
  };
  return { core, sent };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

function snapshot(of: ReturnType<typeof room>): Extract<Update, { type: 'timeline' }> {
  const splices = [{ at: 0, remove: 0, insert: of.log.slice() }];
  return { type: 'timeline', header: headerFor(of, null, false, false), splices };
}

describe('Timeline', () => {
  it('shows what it was opened for, and nothing of what comes late for another', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    const [one, two] = [room(1), room(2)];

    timeline.open(one.id);
    await settled();
    timeline.open(two.id);
    timeline.apply(snapshot(one));
    expect(timeline.header).toBeNull();
    expect(timeline.items).toEqual([]);

    sent[0]?.answer({ type: 'done' });
    await settled();
    expect(sent.map(({ command }) => command)).toEqual([
      { type: 'open_timeline', conversation: one.id },
      { type: 'open_timeline', conversation: two.id },
    ]);
    timeline.apply(snapshot(two));
    expect(timeline.header?.conversation).toBe(two.id);
    expect(timeline.items.map((item) => item.key)).toEqual(two.log.map((item) => item.key));
  });

  it('opens the last of many wishes only', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    timeline.open(room(1).id);
    await settled();
    for (const number of [2, 3, 4]) timeline.open(room(number).id);
    sent[0]?.answer({ type: 'done' });
    await settled();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.command).toEqual({ type: 'open_timeline', conversation: room(4).id });
  });

  it('starts from nothing when it comes back to the same conversation', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    const one = room(1);
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    sent[0]?.answer({ type: 'done' });
    timeline.close();
    await settled();
    sent[1]?.answer({ type: 'done' });
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    expect(timeline.items).toHaveLength(2);
  });

  it('takes what came while it was being closed for no beginning', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    const one = room(1);
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    sent[0]?.answer({ type: 'done' });
    timeline.close();
    await settled();
    timeline.apply({ ...snapshot(one), splices: [] });
    timeline.open(one.id);
    sent[1]?.answer({ type: 'done' });
    await settled();
    expect(timeline.items).toEqual([]);
    expect(sent.map(({ command }) => command.type)).toEqual([
      'open_timeline',
      'close_timeline',
      'open_timeline',
    ]);
    timeline.apply(snapshot(one));
    expect(timeline.items).toHaveLength(2);
  });

  it('says why it could not be opened', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    timeline.open(room(1).id);
    await settled();
    sent[0]?.answer({
      type: 'failed',
      error: { code: 'not_found', field: null, retry: 'never', retry_after_ms: null },
    });
    await settled();
    expect(timeline.error?.code).toBe('not_found');
  });

  it('tells older entries from newer ones, and announces only what is new and of others', async () => {
    const { core } = manualCore();
    const arrived: TimelineItem[] = [];
    const timeline = new Timeline(core, (items) => arrived.push(...items));
    const one = room(1);
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    expect(arrived).toEqual([]);

    const older = append(newRoom(9, 'direct', '', []), people.mila, NOW - 9, message('older'));
    const { header } = snapshot(one);
    timeline.apply({ type: 'timeline', header, splices: [{ at: 0, remove: 0, insert: [older] }] });
    expect(timeline.prepended).toBe(true);
    expect(arrived).toEqual([]);

    const mine = append(one, people.me, NOW + 2, message('mine'));
    const theirs = append(one, people.mila, NOW + 3, message('theirs'));
    timeline.apply({ type: 'timeline', header, splices: [{ at: 3, remove: 0, insert: [mine, theirs] }] });
    expect(timeline.prepended).toBe(false);
    expect(arrived.map((item) => item.key)).toEqual([theirs.key]);
  });

  it('keeps what it shows until another part of the same conversation has come', async () => {
    const { core, sent } = manualCore();
    const arrived: TimelineItem[] = [];
    const timeline = new Timeline(core, (items) => arrived.push(...items));
    const one = room(1);
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    sent[0]?.answer({ type: 'done' });

    const shown = timeline.show(1);
    await settled();
    expect(sent.at(-1)?.command).toEqual({ type: 'close_timeline' });
    // Of the list as it was, on its way already.
    const late = append(one, people.mila, NOW + 2, message('late'));
    const { header } = snapshot(one);
    timeline.apply({ type: 'timeline', header, splices: [{ at: 2, remove: 0, insert: [late] }] });
    expect(timeline.items).toHaveLength(3);
    sent.at(-1)?.answer({ type: 'done' });
    await settled();
    expect(sent.at(-1)?.command).toEqual({ type: 'open_timeline_at', conversation: one.id, seq: 1 });
    expect(timeline.items).toHaveLength(3);

    const [first] = one.log;
    const part = { ...header, has_newer: true };
    if (first)
      timeline.apply({ type: 'timeline', header: part, splices: [{ at: 0, remove: 0, insert: [first] }] });
    sent.at(-1)?.answer({ type: 'done' });
    expect(await shown).toBeNull();
    expect(timeline.items.map((item) => item.key)).toEqual([first?.key]);
    expect([timeline.target, timeline.generation]).toEqual([1, 1]);

    arrived.length = 0;
    timeline.apply({ type: 'timeline', header, splices: [{ at: 1, remove: 0, insert: one.log.slice(1) }] });
    expect(timeline.items).toHaveLength(3);
    expect(arrived, 'what comes below an older part is not new').toEqual([]);
  });

  it('shows the end where a place cannot be shown, and says why it could not', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    const one = room(1);
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    sent[0]?.answer({ type: 'done' });
    const shown = timeline.show(1);
    await settled();
    sent[1]?.answer({ type: 'done' });
    await settled();
    const error = { code: 'offline', field: null, retry: 'later', retry_after_ms: null } as const;
    sent[2]?.answer({ type: 'failed', error });
    await settled();
    expect(sent[3]?.command).toEqual({ type: 'open_timeline', conversation: one.id });
    timeline.apply(snapshot(one));
    sent[3]?.answer({ type: 'done' });
    expect(await shown).toEqual(error);
    expect(timeline.items).toHaveLength(2);
    expect(timeline.target).toBeNull();
  });

  it('opens once more where there was no room for something else, and says what is in the way then', async () => {
    const { core, sent } = manualCore();
    const timeline = new Timeline(core, () => {});
    timeline.open(room(1).id);
    await settled();
    const error = { code: 'storage', field: null, retry: 'never', retry_after_ms: null } as const;
    sent[0]?.answer({ type: 'failed', error });
    await settled();
    expect(timeline.error).toBeNull();
    expect(sent[1]?.command).toEqual(sent[0]?.command);
    sent[1]?.answer({ type: 'failed', error });
    await settled();
    expect(timeline.error).toEqual(error);
    expect(sent).toHaveLength(2);
  });

  it('knows when the conversation is gone', async () => {
    const { core } = manualCore();
    const timeline = new Timeline(core, () => {});
    const one = room(1);
    timeline.open(one.id);
    await settled();
    timeline.apply(snapshot(one));
    timeline.applyGone(one.id);
    expect(timeline.gone).toBe(one.id);
    expect(timeline.header).toBeNull();
  });
});
