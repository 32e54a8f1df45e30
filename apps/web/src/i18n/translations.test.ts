// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest';

import { deviceName } from '../format/device';
import { durationWords } from '../format/duration';
import { ago, listTime } from '../format/time';
import { formatBytes, formatDuration } from '../media/size';
import { en } from './en';
import { enLater } from './en-later';
import { describeCode } from './errors';
import { files, languages, speaks, type Language } from './languages';
import { load } from './load';
import { pseudo, pseudoText } from './pseudo';
import type { Plural, Texts } from './texts';
import { direction, listOf, numberOf, t } from '.';

const english: Texts = { ...en, ...enLater };
const translations = Object.keys(files) as (keyof typeof files)[];

async function textsOf(language: keyof typeof files): Promise<Texts> {
  const { first, later } = files[language];
  return { ...(await first()), ...(await later()) };
}

/** The names of the values of a text, in the order of the alphabet. */
function valuesOf(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
}

const formsOf = (entry: string | Plural): [string, string][] =>
  typeof entry === 'string' ? [['other', entry]] : Object.entries(entry);

afterEach(async () => {
  await load('en');
});

describe.each(translations)('the texts in %s', (language) => {
  it('are those of English: none is missing, and none is left over', async () => {
    const { first, later } = files[language];
    expect(Object.keys(await first()).sort()).toEqual(Object.keys(en).sort());
    expect(Object.keys(await later()).sort()).toEqual(Object.keys(enLater).sort());
  });

  it('have the same values as in English', async () => {
    const wrong = Object.entries(await textsOf(language)).flatMap(([key, entry]) => {
      const source = english[key] ?? '';
      const wanted = valuesOf(typeof source === 'string' ? source : source.other);
      return formsOf(entry)
        .filter(([form, text]) => {
          // A form for one number alone can say that number in its own words.
          const alone = typeof source !== 'string' && ['zero', 'one', 'two'].includes(form);
          const all = valuesOf(text);
          const without = wanted.filter((name) => name !== 'count');
          return !(
            String(all) === String(wanted) ||
            (alone && String(all) === String(without)) ||
            // "No files" says nothing of what is not there.
            (alone && form === 'zero' && all.every((name) => wanted.includes(name)))
          );
        })
        .map(([form, text]) => `${key} (${form}): ${text}`);
    });
    expect(wrong).toEqual([]);
  });

  it('count in the forms that the language has, and in no others', async () => {
    const rules = new Intl.PluralRules(language);
    const counted = [...Array(1_101).keys(), 10_000, 123_456].map((count) => rules.select(count));
    const forms = [...new Set(counted)].sort();
    const wrong = Object.entries(await textsOf(language))
      .filter(([key, entry]) => {
        const counts = typeof english[key] !== 'string';
        return (
          counts !== (typeof entry !== 'string') ||
          (counts && String(Object.keys(entry).sort()) !== String(forms))
        );
      })
      .map(([key]) => key);
    expect(wrong).toEqual([]);
  });

  it('are translated, all but what is the same in both', async () => {
    const alike = ['code.label_in', 'menu.notifications', 'notifications.title'];
    const letters = (text: string) => text.replace(/\{\w+\}/g, '').match(/\p{L}{2,}/gu) ?? [];
    const same = Object.entries(await textsOf(language))
      .filter(
        ([key, entry]) => entry === english[key] && typeof entry === 'string' && letters(entry).length > 1,
      )
      .map(([key]) => key);
    expect(same.filter((key) => !alike.includes(key))).toEqual([]);
  });

  it('are clean', async () => {
    const wrong = Object.entries(await textsOf(language)).flatMap(([key, entry]) =>
      formsOf(entry)
        .filter(([, text]) => text === '' || / {2}|\.\.\.|[\u200e\u200f\u2066-\u2069]/u.test(text))
        .map(([, text]) => `${key}: ${text}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('a language', () => {
  it('is the first of those wanted that is spoken', () => {
    expect(speaks(['fi', 'fr-CA', 'de'])).toBe('fr');
    expect(speaks(['AR-eg'])).toBe('ar');
    expect(speaks(['fi'])).toBe('en');
    expect(speaks([])).toBe('en');
  });

  it('is spoken once its texts have come, by texts, numbers, times and the page', async () => {
    expect(await load('de')).toBe(true);
    expect(document.documentElement).toHaveAttribute('lang', 'de');
    expect(document.documentElement).toHaveAttribute('dir', 'ltr');
    expect(t('chat.members', { count: 1_204 })).toBe('1.204 Mitglieder');
    expect(t('action.cancel')).toBe('Abbrechen');
    expect(describeCode('forbidden')).toBe('Das darfst du nicht.');
    expect(listOf(['Ada', 'Ben'])).toBe('Ada und Ben');
    const now = new Date(2026, 10, 24, 12, 0).getTime();
    expect(ago(now - 300_000, now)).toBe('vor 5 Minuten');
    expect(listTime(now - 3 * 86_400_000, now)).toBe('Sa');
    expect(durationWords(86_400_000)).toBe('1 Tag');
    expect(formatBytes(1_500_000)).toBe('1,4 MB');
  });

  it('can be left again', async () => {
    await load('de');
    await load('en');
    expect(t('action.back')).toBe('Back');
    expect(t('action.cancel')).toBe('Cancel');
    expect(document.documentElement).toHaveAttribute('lang', 'en');
  });

  it('is the one chosen last, whichever loads first', async () => {
    const [first, second] = await Promise.all([load('fr'), load('ja')]);
    expect([first, second]).toEqual([false, true]);
    expect(t('action.back')).toBe('戻る');
  });

  it('that does not load leaves the one before', async () => {
    await load('de');
    vi.spyOn(files.ja, 'first').mockRejectedValueOnce(new TypeError('no line'));
    expect(await load('ja')).toBe(false);
    expect(t('action.back')).toBe('Zurück');
    expect(document.documentElement).toHaveAttribute('lang', 'de');
    expect(await load('ja')).toBe(true);
  });

  it('comes with the parts that load later, which speak English where it does not', async () => {
    vi.resetModules();
    const loading = await import('./load');
    const { files: fresh } = await import('./languages');
    const { t: say } = await import('.');
    await loading.load('de');
    vi.spyOn(fresh.de, 'later').mockRejectedValueOnce(new TypeError('no line'));
    await loading.part(import('./later'));
    expect(say('action.cancel')).toBe('Cancel');
    expect(say('action.back')).toBe('Zurück');
    await loading.part(Promise.resolve());
    expect(say('action.cancel')).toBe('Abbrechen');
    await loading.load('en');
    expect(say('action.cancel')).toBe('Cancel');
  });

  it('counts as it does: Arabic in six forms, Japanese in one', async () => {
    await load('ar');
    const counted = [0, 1, 2, 5, 11, 100].map((count) => t('files.files', { count }));
    expect(new Set(counted).size).toBe(6);
    expect(counted[2]).toBe('ملفان');
    await load('ja');
    expect([0, 1, 2].map((count) => t('files.files', { count }))).toEqual([
      'ファイル0個',
      'ファイル1個',
      'ファイル2個',
    ]);
  });

  it('that is read from the right keeps names apart from what is around them, and says so', async () => {
    await load('ar');
    expect(direction()).toBe('rtl');
    expect(document.documentElement).toHaveAttribute('dir', 'rtl');
    expect(t('join.title', { inviter: 'Mila' })).toBe('\u2068Mila\u2069 يدعوك');
    // What is sent to others has none of that.
    expect(deviceName('Firefox/1 Linux')).toBe('Firefox على Linux');
    await load('de');
    expect(t('join.title', { inviter: 'Mila' })).toBe('Mila lädt dich ein');
  });

  it('has its own digits, also where they are part of a text', async () => {
    await load('ar');
    const five = new Intl.NumberFormat('ar').format(5);
    expect(numberOf(5)).toBe(five);
    expect(t('timer.error')).toContain(five);
    expect(formatDuration(5_000)).toContain(five);
    expect(t('files.files', { count: 5 })).toContain(five);
  });

  it('has a name of its own', () => {
    const names = (Object.keys(languages) as Language[]).map((language) => languages[language].name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the language that does not exist', () => {
  it('is longer, with accents and brackets, and keeps values', () => {
    const text = pseudoText('Reply to {name}');
    expect(text).toMatch(/^\[Ŕép.*\{name\}.*\]$/u);
    expect(text).not.toContain('Reply');
    expect(text.length).toBeGreaterThanOrEqual('Reply to {name}'.length * 1.2);
    expect(valuesOf(text)).toEqual(['name']);
  });

  it('has all texts', () => {
    expect(Object.keys(pseudo(english))).toEqual(Object.keys(english));
  });

  it('is spoken in development and tests', async () => {
    expect(await load('en-XA')).toBe(true);
    expect(t('action.back')).toMatch(/^\[.*\]$/);
    expect(t('action.cancel')).toMatch(/^\[.*\]$/);
    expect(t('chat.members', { count: 2 })).toMatch(/^\[2 .*\]$/);
  });
});
