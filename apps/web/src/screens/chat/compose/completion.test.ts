import { describe, expect, it } from 'vitest';

import { idOf } from '../../../dev/people';
import type { MemberView } from '../../../generated/types';
import { codeAt, membersFor, questionAt } from './completion';

const ask = (text: string, mentions = true) => questionAt(text, text.length, mentions);

describe('what is completed', () => {
  it.each([
    ['hi :smi', 'emoji', 'smi', 3],
    [':+1', 'emoji', '+1', 0],
    ['(@', 'mention', '', 1],
    ['hello @Inê', 'mention', 'Inê', 6],
  ])('%j: %s %j', (text, kind, query, from) => {
    expect(ask(text)).toEqual({ kind, query, from, to: text.length });
  });

  it.each(['10:30', 'a:bc', ':s', 'a@b', 'https://x', ':smile: ', '@a b', 'x :'])('not %j', (text) => {
    expect(ask(text)).toBeNull();
  });

  it('no mentions where there is nobody to mention', () => {
    expect(ask('@mi', false)).toBeNull();
  });

  it('a whole code', () => {
    expect(codeAt('so :tada:', 9)).toEqual({ code: 'tada', from: 3 });
    for (const text of ['10:30:', 'a:b:', '::', ':a b:']) expect(codeAt(text, text.length), text).toBeNull();
  });
});

it('finds members by the beginning of a name or handle, whatever its accents, and never oneself', () => {
  const member = (number: number, handle: string, name: string, me = false): MemberView => ({
    user: idOf(1, number),
    handle,
    name,
    role: 'member',
    me,
    avatar: null,
    status: null,
    presence: null,
  });
  const members = [
    member(1, 'robin', 'Robin', true),
    member(2, 'ines', 'Inês Carvalho'),
    member(3, 'oskar', 'Oskar D'),
  ];
  const found = (query: string) => membersFor(query, members, 8).map(({ insert }) => insert);
  expect(found('')).toEqual(['@ines ', '@oskar ']);
  expect(found('ine')).toEqual(['@ines ']);
  expect(found('INÊ')).toEqual(['@ines ']);
  expect(found('carv')).toEqual(['@ines ']);
  expect(found('rob')).toEqual([]);
});
