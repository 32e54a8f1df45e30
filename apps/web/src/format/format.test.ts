import { describe, expect, it } from 'vitest';

import { deviceName } from './device';
import { AVATAR_TINTS, initials, tintOf } from './person';
import { byteLength, graphemesLeft, graphemesOver, isOnlyEmoji, pieces, withoutMarks } from './text';
import { ago, dayField, dayHeading, dayOf, dayStart, listTime } from './time';

const NOON = new Date(2026, 10, 24, 12, 0).getTime();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a field for dates', () => {
  it('has the local day, whatever the time', () => {
    for (const at of [new Date(2026, 10, 24, 0, 0), new Date(2026, 10, 24, 23, 59)])
      expect(dayField(at.getTime())).toBe('2026-11-24');
    expect(dayStart('2026-11-24')).toBe(new Date(2026, 10, 24).getTime());
  });

  it.each(['', '2026', '24.11.2026', '2026-02-30', '2026-13-01', '0000-00-00'])('%j is no day', (field) => {
    expect(dayStart(field)).toBeNull();
  });
});

describe('people', () => {
  it.each([
    ['Mila Novak', 'MN'],
    ['mila', 'M'],
    ['Ada King Lovelace', 'AL'],
    ['  Inês   Carvalho ', 'IC'],
    ['👩‍🚀 Ada', 'A'],
    ['👩‍🚀', '👩‍🚀'],
    ['(work) Ada', 'WA'],
    ['田中', '田'],
    ['', ''],
    [`Z${'\u030d'.repeat(63)}`, `Z${'\u030d'.repeat(3)}`],
  ])('initials of %j', (name, letters) => {
    expect(initials(name)).toBe(letters);
  });

  it('gives each id one tint, and uses all of them', () => {
    const tints = new Set<number>();
    for (let i = 0; i < 500; i += 1) {
      const id = `0193a000-0001-7000-8000-${i.toString(16).padStart(12, '0')}`;
      expect(tintOf(id)).toBe(tintOf(id));
      tints.add(tintOf(id));
    }
    expect(tints.size).toBe(AVATAR_TINTS);
  });
});

describe('time', () => {
  it('counts days as this device does', () => {
    expect(dayOf(new Date(2026, 10, 24, 0, 0).getTime())).toBe(
      dayOf(new Date(2026, 10, 24, 23, 59).getTime()),
    );
    expect(dayOf(NOON) - dayOf(NOON - DAY)).toBe(1);
  });

  it('says when, shorter the nearer it is', () => {
    expect(listTime(NOON - HOUR, NOON)).toMatch(/11/);
    expect(listTime(NOON - DAY, NOON)).toBe('Yesterday');
    expect(listTime(NOON - 3 * DAY, NOON)).toBe('Sat');
    expect(listTime(NOON - 400 * DAY, NOON)).toMatch(/25$/);
    expect(dayHeading(NOON, NOON)).toBe('Today');
    expect(dayHeading(NOON - 3 * DAY, NOON)).toBe('Saturday');
  });

  it('says how long ago', () => {
    expect(ago(NOON - 1_000, NOON)).toBe('just now');
    expect(ago(NOON - 5 * 60_000, NOON)).toBe('5 minutes ago');
    expect(ago(NOON - 3 * HOUR, NOON)).toBe('3 hours ago');
    expect(ago(NOON - DAY, NOON)).toBe('yesterday');
  });
});

describe('text', () => {
  it('finds links and leaves the rest of the sentence alone', () => {
    expect(pieces('See https://a.example/x, and (http://b.example/y_(z)).')).toEqual([
      { text: 'See ' },
      { text: 'https://a.example/x', href: 'https://a.example/x' },
      { text: ', and (' },
      { text: 'http://b.example/y_(z)', href: 'http://b.example/y_(z)' },
      { text: ').' },
    ]);
  });

  it('links nothing but http', () => {
    for (const text of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'https://']) {
      expect(pieces(text)).toEqual([{ text }]);
    }
  });

  it('never loses a character', () => {
    for (const text of ['', 'a', 'https://a.b', 'x https://a.b/?q=(1)) y', 'https://a.b.https://c.d!']) {
      expect(
        pieces(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    }
  });

  it('knows a message that is nothing but emoji', () => {
    for (const text of ['🎉', '👩‍🚀👍🏽', '❤️ 🎉', '🇫🇮']) expect(isOnlyEmoji(text), text).toBe(true);
    for (const text of ['', 'a🎉', '12', '🎉🎉🎉🎉', '#', '©', '1️⃣a'])
      expect(isOnlyEmoji(text), text).toBe(false);
  });

  it.each([
    ['**hi** _there_ ~~x~~ `y`', 'hi there x y'],
    ['> said\nanswer', 'said\nanswer'],
    ['```js\nlet a;\n```', 'let a;\n'],
    ['[here](https://a.example)', 'here'],
    ['snake_case_name 2 * 3 * 4 > 1', 'snake_case_name 2 * 3 * 4 > 1'],
  ])('takes the marks out of %j', (text, plain) => {
    expect(withoutMarks(text)).toBe(plain);
  });

  it('counts bytes as the wire does', () => {
    expect(byteLength('aé€🎉')).toBe(1 + 2 + 3 + 4);
  });
});

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Mobile Safari/604',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0',
    'Edge on Windows',
  ],
  ['something else', 'Browser'],
])('names the device of %s', (agent, name) => {
  expect(deviceName(agent)).toBe(name);
});

it.each([
  ['abc', 10, 7, 0],
  ['äöü', 10, 2, 0],
  ['👍🏽👍🏽', 40, 3, 0],
  ['', 10, 10, 0],
  ['äöü', 4, -1, 1],
])('of %s in %i bytes so much is left, and so much is over', (text, max, left, over) => {
  expect(graphemesLeft(text, max)).toBe(left);
  expect(graphemesOver(text, max)).toBe(over);
});
