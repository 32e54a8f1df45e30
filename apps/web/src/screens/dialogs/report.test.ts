import { describe, expect, it } from 'vitest';

import type { CommandError } from '../../generated/types';
import '../../i18n/later';
import { describeRefusal, missingIn, NOTE_BYTES_MAX } from './report';

const refused = (code: string, field: string | null = null): CommandError => ({
  code,
  field,
  retry: 'never',
  retry_after_ms: null,
});

describe('a report', () => {
  it('needs a reason, and in place of one a note', () => {
    expect(missingIn(null, 'he knows where I live')).toBe('reason');
    expect(missingIn('spam', '')).toBe(null);
    expect(missingIn('other', '  \n')).toBe('note');
    expect(missingIn('other', 'he sells my pictures')).toBe(null);
  });

  it('has a note that the server takes, counted in bytes', () => {
    expect(missingIn('danger', 'é'.repeat(NOTE_BYTES_MAX / 2))).toBe(null);
    expect(missingIn('danger', `${'é'.repeat(NOTE_BYTES_MAX / 2)}!`)).toBe('note');
    expect(missingIn('danger', `  ${'a'.repeat(NOTE_BYTES_MAX)}\n`)).toBe(null);
  });

  it('says what is wrong with it in its own words where the general ones say less', () => {
    expect(describeRefusal(refused('offline'))).toMatch(/^A report needs a connection/);
    expect(describeRefusal(refused('too_large', 'entries'))).toMatch(/Choose fewer messages/);
    expect(describeRefusal(refused('limit_reached'))).toMatch(/not been dealt with/);
    expect(describeRefusal(refused('invalid_field', 'entries'))).toMatch(/cannot confirm/);
    expect(describeRefusal(refused('invalid_field', 'user'))).toBe(
      'Something here is not filled in as the server wants it.',
    );
    expect(describeRefusal(refused('internal'))).toBe('Something went wrong on the server.');
  });
});
