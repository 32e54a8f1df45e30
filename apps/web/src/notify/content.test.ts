import { describe, expect, it } from 'vitest';

import type { Push } from '../generated/types';
import { changed, content, type Shown } from './content';
import type { NotifyWords } from './format';

const words: NotifyWords = {
  app: 'Harbour',
  message: 'A new message',
  messages: '{count} new messages',
  files: 'Files: {count}',
  request: 'Somebody wants to write to you',
  test: 'It works',
  reply: 'Reply',
  replyHint: 'Write',
  read: 'Mark as read',
  waiting: 'Something waits',
};

function message(seq: number, more: Partial<Extract<Push, { type: 'message' }>> = {}): Push {
  return {
    type: 'message',
    conversation: 'c1',
    seq,
    message: `m${seq}`,
    at: 1_000 + seq,
    kind: 'direct',
    sender: 'Ada',
    mention: false,
    ...more,
  };
}

describe('what a notification says', () => {
  it('names who writes, and what', () => {
    expect(content(message(7, { text: 'Are you\n\nthere?' }), null, words)).toEqual({
      title: 'Ada',
      body: 'Are you there?',
      at: 1_007,
      loud: true,
      shown: {
        conversation: 'c1',
        title: 'Ada',
        at: 1_007,
        items: [{ seq: 7, who: null, text: 'Are you there?', tells: true }],
        more: 0,
      },
    });
  });

  it('gathers what comes in one conversation, and says who in a group', () => {
    const group = { kind: 'group', title: 'Birds' } as const;
    const first = content(message(1, { ...group, text: 'one' }), null, words);
    const second = content(message(2, { ...group, sender: 'Bob', text: 'two' }), first?.shown ?? null, words);
    expect(second).toMatchObject({ title: 'Birds', body: 'Ada: one\nBob: two' });
    let last = second;
    for (let seq = 3; seq < 9; seq += 1)
      last = content(message(seq, { ...group, text: `${seq}` }), last?.shown ?? null, words);
    expect(last?.body.split('\n')).toEqual(['Ada: 5', 'Ada: 6', 'Ada: 7', 'Ada: 8']);
  });

  it('counts those that it keeps no more', () => {
    let shown: Shown | null = null;
    for (let seq = 1; seq <= 40; seq += 1) shown = content(message(seq), shown, words)?.shown ?? null;
    expect(shown).toMatchObject({ more: 8 });
    expect(content(message(41), shown, words)?.body).toBe('41 new messages');
  });

  it('does not go back', () => {
    const shown = content(message(5, { text: 'five' }), null, words)?.shown ?? null;
    expect(content(message(5, { text: 'five' }), shown, words)).toBeNull();
    expect(content(message(4, { text: 'four' }), shown, words)).toBeNull();
    expect(content({ type: 'request', conversation: 'c1', seq: 4 }, shown, words)).toBeNull();
  });

  it('says no more than it is told', () => {
    const { sender: _, ...nameless } = message(1) as Extract<Push, { type: 'message' }>;
    const first = content(nameless, null, words);
    expect(first).toMatchObject({ title: 'Harbour', body: 'A new message' });
    const second = content({ ...nameless, seq: 2 }, first?.shown ?? null, words);
    expect(second).toMatchObject({ title: 'Harbour', body: '2 new messages' });
    expect(content({ type: 'request', conversation: 'c1', seq: 1 }, null, words)).toMatchObject({
      title: 'Harbour',
      body: 'Somebody wants to write to you',
    });
    expect(content(message(1, { files: 2 }), null, words)?.body).toBe('Files: 2');
  });

  it('shows something whatever comes', () => {
    expect(content({ type: 'unknown' }, null, words)).toEqual({
      title: 'Harbour',
      body: '',
      at: null,
      loud: true,
      shown: null,
    });
    expect(content({ type: 'test' }, null, null)).toMatchObject({ title: '', body: '' });
    expect(content(message(1, { text: 'x'.repeat(5_000) }), null, null)?.body.length).toBe(241);
  });
});

describe('what becomes of a notification when a message changes', () => {
  const both = (): Shown | null => {
    const first = content(message(1, { text: 'one' }), null, words);
    return content(message(2, { text: 'two' }), first?.shown ?? null, words)?.shown ?? null;
  };

  it('loses the message that is gone, in silence, and ends with the last', () => {
    const gone = (seq: number) => ({ type: 'gone', conversation: 'c1', seq }) as const;
    const left = changed(gone(2), both(), words);
    expect(left).toMatchObject({ title: 'Ada', body: 'one', loud: false });
    expect(changed(gone(1), both(), words)?.body).toBe('two');
    expect(changed(gone(1), left?.shown ?? null, words)).toBeNull();
    expect(content(message(3, { text: 'three' }), left?.shown ?? null, words)?.body).toBe('one\nthree');
  });

  it('says what it says now', () => {
    const edited = { type: 'edited', conversation: 'c1', seq: 1, text: 'won' } as const;
    expect(changed(edited, both(), words)).toMatchObject({ body: 'won\ntwo', loud: false });
    const group = content(message(1, { kind: 'group', title: 'Birds', text: 'one' }), null, words);
    expect(changed(edited, group?.shown ?? null, words)?.body).toBe('Ada: won');
  });

  it('shows nothing that was not shown', () => {
    expect(changed({ type: 'gone', conversation: 'c1', seq: 3 }, both(), words)).toBeUndefined();
    expect(changed({ type: 'edited', conversation: 'c1', seq: 1, text: 'x' }, null, words)).toBeUndefined();
  });

  it('takes a request away', () => {
    const asked = content({ type: 'request', conversation: 'c1', seq: 4 }, null, words);
    expect(changed({ type: 'gone', conversation: 'c1', seq: 4 }, asked?.shown ?? null, words)).toBeNull();
  });
});
