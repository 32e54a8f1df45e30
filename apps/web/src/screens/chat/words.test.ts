import { describe, expect, it } from 'vitest';

import type { Attachment } from '../../generated/types';
import { beginningOf } from './words';

function file(name: string, media_type: string, more: Partial<Attachment> = {}): Attachment {
  return { blob: name, name, media_type, size: 1, ...more };
}

const photo = file('lake.jpg', 'image/jpeg', { width: 4, height: 3 });
const voice = file('Voice note.webm', 'audio/webm', { duration_ms: 12_400, waveform: 'AAAA' });

describe('what a message begins with', () => {
  it.each([
    ['a text', [], 'a text'],
    ['', [photo], 'Photo'],
    ['', [photo, photo], '2 photos'],
    ['look **here**', [photo], 'Photo · look here'],
    ['', [{ ...photo, caption: 'The lake' }], 'Photo: The lake'],
    ['', [voice], 'Voice note 0:12'],
    ['', [file('plan.pdf', 'application/pdf')], 'File plan.pdf'],
    ['', [photo, file('plan.pdf', 'application/pdf')], 'Photo, File plan.pdf'],
    ['', [], ''],
  ])('"%s" with %j is "%s"', (text, attachments, words) => {
    expect(beginningOf({ text, attachments })).toBe(words);
  });

  it('needs no list of files', () => {
    expect(beginningOf({ text: 'a text' })).toBe('a text');
  });
});
