import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Command, Reply } from '../generated/types';
import { KeptPictures } from './kept.svelte';

/** A core that has a picture of each file but those that it is told to lack. */
function rig(lacks: readonly string[] = []) {
  const asked: string[] = [];
  const kept = new KeptPictures((command: Command): Promise<Reply> => {
    if (command.type !== 'picture' || command.ask.type !== 'get') throw new Error('only asked for');
    const { blob } = command.ask;
    asked.push(blob);
    const picture = lacks.includes(blob) ? null : { media_type: 'image/jpeg', bytes: blob };
    return Promise.resolve({ type: 'kept_picture', picture });
  });
  return { kept, asked };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};

describe('KeptPictures', () => {
  it('asks once, and knows what there is not', async () => {
    const { kept, asked } = rig(['none']);
    expect(kept.path('one')).toBeUndefined();
    for (const blob of ['one', 'none', 'one', 'none']) kept.want(blob);
    await settled();
    expect(asked).toEqual(['one', 'none']);
    expect(kept.path('one')).toBe('data:image/jpeg;base64,one');
    expect(kept.path('none')).toBeNull();
    kept.forget();
    expect(kept.path('one')).toBeUndefined();
  });

  it('holds few, and none that is not there is asked for again for that', async () => {
    const { kept, asked } = rig(['none']);
    kept.want('none');
    for (let number = 0; number < 61; number += 1) kept.want(`b${number}`);
    await settled();
    expect(kept.path('b0')).toBeUndefined();
    expect(kept.path('b60')).toBe('data:image/jpeg;base64,b60');
    expect(kept.path('none')).toBeNull();
    asked.length = 0;
    for (const blob of ['b0', 'b60', 'none']) kept.want(blob);
    expect(asked).toEqual(['b0']);
  });

  describe('what is shown', () => {
    afterEach(() => {
      vi.unstubAllGlobals();
      vi.useRealTimers();
    });

    /** A page that has time, and makes of every image the same picture. */
    function page() {
      const context = { fillRect: () => {}, drawImage: () => {} };
      const canvas = { getContext: () => context, toDataURL: () => 'data:image/jpeg;base64,small' };
      vi.stubGlobal('document', { createElement: () => canvas });
      vi.useFakeTimers();
      const given: string[] = [];
      const kept = new KeptPictures((command: Command): Promise<Reply> => {
        if (command.type === 'picture' && command.ask.type === 'keep') given.push(command.ask.blob);
        return Promise.resolve({ type: 'done' });
      });
      const show = (blob: string, src = `/v1/blobs/${blob}`) => {
        const image = { src, naturalWidth: 900, naturalHeight: 700 } as HTMLImageElement;
        kept.keep({ type: 'face' }, blob, image);
        vi.runAllTimers();
      };
      return { kept, given, show };
    }

    it('is given to the core once', () => {
      const { given, show } = page();
      show('one');
      show('one');
      expect(given).toEqual(['one']);
    });

    it('is not given again where the core has it, nor where it came from there', () => {
      const { kept, given, show } = page();
      kept.know(['one']);
      show('one');
      show('two', 'data:image/jpeg;base64,small');
      expect(given).toEqual([]);
      kept.forget();
      show('one');
      expect(given).toEqual(['one']);
    });
  });
});
