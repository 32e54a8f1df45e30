import { describe, expect, it } from 'vitest';

import type { Evidence } from '../../generated/types';
import { byMessage } from './evidence';

const part = (seq: number, message: string, edit = false): Evidence => ({
  seq,
  message,
  at: seq,
  edit,
  sealed: false,
  text: `${seq}`,
});

describe('evidence', () => {
  it('has what a message was changed to behind it, and messages in their order', () => {
    const said = [part(3, 'a'), part(4, 'b'), part(7, 'a', true), part(8, 'c'), part(9, 'a', true)];
    expect(byMessage(said).map((parts) => parts.map(({ seq }) => seq))).toEqual([[3, 7, 9], [4], [8]]);
  });

  it('may be an edit alone: of what it was changed from, nothing could be shown', () => {
    expect(byMessage([part(7, 'a', true)])).toEqual([[part(7, 'a', true)]]);
    expect(byMessage([])).toEqual([]);
  });
});
