import type { Component } from 'svelte';

import { t, type Key } from '../../i18n';
import type { IconName } from '../../icons/paths';
import type { DialogName } from '../../state/app.svelte';
import AccountPage from './AccountPage.svelte';
import AppearancePage from './AppearancePage.svelte';
import DevicesPage from './DevicesPage.svelte';
import LanguagePage from './LanguagePage.svelte';
import NotificationsPage from './NotificationsPage.svelte';
import PrivacyPage from './PrivacyPage.svelte';
import ReportsPage from './ReportsPage.svelte';
import StoragePage from './StoragePage.svelte';

/** Something that can be set. The page marks its place with `data-setting`. */
interface Setting {
  readonly id: string;
  readonly title: Key;
  /** More texts that it is found by. */
  readonly also?: readonly Key[];
}

export interface Section {
  readonly id: string;
  readonly title: Key;
  readonly icon: IconName;
  readonly page: Component<Record<string, never>>;
  readonly settings: readonly Setting[];
  /** Whether it is for those alone who run the server. */
  readonly administrators?: true;
}

/** All of them, in the order in which they are listed. A part of the app that has settings adds its own. */
export const sections: readonly Section[] = [
  {
    id: 'account',
    title: 'profile.title',
    icon: 'user',
    page: AccountPage,
    settings: [
      { id: 'picture', title: 'settings.picture', also: ['picture.choose', 'menu.account'] },
      { id: 'name', title: 'auth.name', also: ['auth.name.hint', 'menu.account'] },
      { id: 'about', title: 'profile.about', also: ['profile.about.hint'] },
      { id: 'status', title: 'profile.status', also: ['profile.status.text', 'emoji.title'] },
      { id: 'sign_out', title: 'menu.sign_out', also: ['menu.account'] },
    ],
  },
  {
    id: 'devices',
    title: 'devices.title',
    icon: 'devices',
    page: DevicesPage,
    settings: [
      { id: 'devices', title: 'devices.title', also: ['devices.text'] },
      {
        id: 'messages',
        title: 'handover.settings.title',
        also: ['handover.get.title', 'handover.give.title'],
      },
      { id: 'recovery', title: 'recovery.title', also: ['recovery.text', 'recovery.make', 'recovery.enter'] },
    ],
  },
  {
    id: 'privacy',
    title: 'settings.privacy',
    icon: 'eye_off',
    page: PrivacyPage,
    settings: [
      { id: 'receipts', title: 'privacy.receipts', also: ['privacy.receipts.hint'] },
      { id: 'typing', title: 'privacy.typing', also: ['privacy.typing.hint'] },
      { id: 'presence', title: 'privacy.presence', also: ['privacy.presence.hint'] },
      { id: 'found_by', title: 'privacy.found_by', also: ['privacy.others', 'privacy.known'] },
      { id: 'written_by', title: 'privacy.written_by', also: ['privacy.others', 'privacy.known'] },
      { id: 'added_by', title: 'privacy.added_by', also: ['privacy.others', 'privacy.known'] },
      { id: 'requests', title: 'requests.title', also: ['settings.requests'] },
      { id: 'blocked', title: 'settings.blocked', also: ['settings.blocked.unblock'] },
    ],
  },
  {
    id: 'notifications',
    title: 'notifications.title',
    icon: 'bell',
    page: NotificationsPage,
    settings: [
      {
        id: 'device',
        title: 'notifications.device',
        also: ['notifications.title', 'notifications.test', 'notifications.sound'],
      },
      {
        id: 'account',
        title: 'notifications.account',
        also: [
          'notifications.title',
          'notifications.previews',
          'notifications.quiet',
          'notifications.keywords',
        ],
      },
    ],
  },
  {
    id: 'appearance',
    title: 'appearance.title',
    icon: 'sun',
    page: AppearancePage,
    settings: [
      {
        id: 'theme',
        title: 'appearance.theme',
        also: ['appearance.theme.light', 'appearance.theme.dark', 'appearance.title'],
      },
      {
        id: 'accent',
        title: 'appearance.accent',
        also: ['appearance.accent.sea', 'appearance.accent.plum', 'appearance.title'],
      },
      { id: 'size', title: 'appearance.size', also: ['appearance.size.large'] },
      { id: 'density', title: 'appearance.density', also: ['appearance.density.compact'] },
      { id: 'wallpaper', title: 'appearance.wallpaper', also: ['appearance.title'] },
      { id: 'list', title: 'list.width', also: ['appearance.title'] },
      { id: 'contrast', title: 'appearance.contrast', also: ['appearance.title'] },
    ],
  },
  {
    id: 'language',
    title: 'language.title',
    icon: 'globe',
    page: LanguagePage,
    settings: [{ id: 'language', title: 'language.title', also: ['language.system'] }],
  },
  {
    id: 'storage',
    title: 'settings.storage',
    icon: 'disk',
    page: StoragePage,
    settings: [
      { id: 'device', title: 'settings.storage.device', also: ['settings.storage.device.text'] },
      { id: 'keep', title: 'settings.storage.keep', also: ['settings.storage.keep.text'] },
      { id: 'server', title: 'settings.storage.server' },
      { id: 'erase', title: 'settings.erase', also: ['signout.text'] },
    ],
  },
  {
    id: 'reports',
    title: 'reports.title',
    icon: 'flag',
    page: ReportsPage,
    settings: [{ id: 'reports', title: 'reports.title', also: ['reports.lead'] }],
    administrators: true,
  },
];

/** Those that somebody has. */
export function sectionsFor(administrator: boolean): readonly Section[] {
  return sections.filter(({ administrators }) => administrator || administrators !== true);
}

/** The page that an entry of a menu leads to; none leads to the list of them. */
export function sectionOf(dialog: DialogName | null): string | null {
  return dialog === 'profile' ? 'account' : dialog === 'settings' ? null : dialog;
}

export interface Hit {
  readonly section: Section;
  readonly setting: Setting;
}

/** For comparing: without accents, in small letters. */
function plainLetters(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

/** The settings that have all words of a question in their texts, in the language in use; those first whose title has them. */
export function findSettings(query: string, within = sections): Hit[] {
  const asked = plainLetters(query).split(/\s+/u).filter(Boolean);
  if (asked.length === 0) return [];
  const all = within.flatMap((section) => section.settings.map((setting) => ({ section, setting })));
  const has = (keys: readonly Key[]): boolean => {
    const text = plainLetters(keys.map((key) => (t as (key: Key) => string)(key)).join('\n'));
    return asked.every((word) => text.includes(word));
  };
  const found = all.filter(({ section, setting }) =>
    has([setting.title, section.title, ...(setting.also ?? [])]),
  );
  const titled = ({ setting }: Hit): boolean => has([setting.title]);
  return [...found.filter(titled), ...found.filter((hit) => !titled(hit))];
}
