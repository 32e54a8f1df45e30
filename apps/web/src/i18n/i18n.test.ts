import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { en } from './en';
import { enLater } from './en-later';
import { describeCode, describeError } from './errors';
import { listOf, t } from '.';

describe('t', () => {
  it('fills in values and counts', () => {
    expect(t('join.title', { inviter: 'Mila' })).toBe('Mila invites you');
    expect(t('chat.members', { count: 1 })).toBe('1 member');
    expect(t('chat.members', { count: 1_204 })).toMatch(/^1.204 members$/);
  });

  it('takes values as they are', () => {
    expect(t('join.title', { inviter: '{server} $& <b>' })).toBe('{server} $& <b> invites you');
  });

  it('lists names', () => {
    expect(listOf(['Ada', 'Ben'])).toBe('Ada and Ben');
  });
});

describe('the catalogue', () => {
  it('has a sentence for every error code of the protocol and of the client', () => {
    const source = readFileSync(resolve('../../crates/wire/src/error.rs'), 'utf8');
    const list = source.slice(source.indexOf('error_codes! {'));
    const names = [...list.matchAll(/^ {4}([A-Z]\w+) => \d+/gm)].map((match) => match[1] ?? '');
    expect(names.length).toBeGreaterThan(20);
    const codes = names.map((name) => name.replace(/\B[A-Z]/g, '_$&').toLowerCase());
    for (const code of [...codes, 'unknown', 'offline', 'storage', 'signed_out', 'bad_answer']) {
      expect(en, code).toHaveProperty([`error.${code}`]);
    }
  });

  it('has something to say about a code that it does not know', () => {
    expect(describeCode('from_the_future')).toBe('Something went wrong.');
    expect(describeError({ code: 'rate_limited', field: null, retry: 'later', retry_after_ms: 4_200 })).toBe(
      'That was too fast. Try again in 5 seconds.',
    );
  });

  it('counts in every form with the same values', () => {
    const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    for (const [key, entry] of Object.entries({ ...en, ...enLater })) {
      if (typeof entry !== 'string') expect(names(entry.one), key).toEqual(names(entry.other));
    }
  });
});
