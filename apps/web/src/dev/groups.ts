import type { Command, GroupInvite, Reply, TimelineItem } from '../generated/types';
import { idOf, people } from './people';
import { done, refusal } from './replies';
import { append, message, nextKey, type Room } from './world';

const HOUR_MS = 3_600_000;

/** A club that somebody runs, with people who wait and one who is kept out; a garden in which only its admins write. */
export function arrangeGroups(rooms: readonly Room[], now: number): void {
  const club = rooms.find(({ id }) => id === idOf(2, 2));
  const garden = rooms.find(({ id }) => id === idOf(2, 6));
  if (!club || !garden) return;
  club.settings = { topic: 'Training, tides and who brings the cake', announcements: false, history: 'none' };
  club.requests = [
    { profile: people.grandma, at: now - 2 * HOUR_MS },
    { profile: people.oskar, at: now - HOUR_MS },
  ];
  club.bans = [{ profile: people.ines, by: people.jonas, at: now - 30 * HOUR_MS }];
  garden.settings = { topic: '', announcements: true, history: 'all' };
  const change = { announcements: true, history: 'all' } as const;
  append(garden, people.ines, now - 20 * HOUR_MS, { type: 'settings_changed', change });
  append(garden, people.ines, now - 19 * HOUR_MS, message('The key is under the third pot.'));
  garden.readSeq = garden.log.length;
  garden.draft = '';
}

/** Answers about who comes into groups and who is kept out. */
export class Groups {
  #invites: GroupInvite[] = [];

  constructor(
    readonly room: (id: string) => Room | undefined,
    readonly log: (room: Room, item: TimelineItem) => void,
    readonly changed: (room: Room) => void,
  ) {}

  answer(command: Command): Reply | null {
    switch (command.type) {
      case 'get_group_invite_info':
        if (command.token === 'expired') return refusal('invite_invalid');
        return {
          type: 'group_invite_info',
          info: { title: 'Lighthouse keepers', member_count: 14, approval: command.token === 'asking' },
        };
      case 'join_group':
        if (command.token === 'banned') return refusal('banned');
        return { type: 'joining', conversation: command.token === 'asking' ? null : idOf(2, 2) };
      case 'create_group_invite': {
        const invite: GroupInvite = {
          id: nextKey(),
          token: 'pipit_gi_k3Vq7rT1mZ0aLw9x',
          made_by: people.me,
          expires_at: Date.now() + command.expires_in_s * 1_000,
          uses_left: command.uses,
          approval: command.approval,
        };
        const { token: _token, ...listed } = invite;
        this.#invites.unshift(listed);
        return { type: 'group_invite', invite };
      }
      case 'list_group_invites':
        return { type: 'group_invites', items: [...this.#invites] };
      case 'revoke_group_invite':
        this.#invites = this.#invites.filter(({ id }) => id !== command.invite);
        return done;
      default:
        return this.#inRoom(command);
    }
  }

  #inRoom(command: Command): Reply | null {
    if (!('conversation' in command) || typeof command.conversation !== 'string') return null;
    const room = this.room(command.conversation);
    if (room === undefined) return null;
    const now = Date.now();
    switch (command.type) {
      case 'change_settings': {
        const { change } = command;
        const { avatar: _avatar, ...rest } = change;
        room.settings = { ...room.settings, ...rest };
        this.log(room, append(room, people.me, now, { type: 'settings_changed', change }));
        return done;
      }
      case 'set_group_picture': {
        const blob = command.picture.picture?.blob;
        const { avatar: _before, ...settings } = room.settings;
        room.settings = blob === undefined ? settings : { ...settings, avatar: blob };
        const change = { avatar: blob === undefined ? {} : { blob } };
        this.log(room, append(room, people.me, now, { type: 'settings_changed', change }));
        return done;
      }
      case 'list_join_requests':
        return { type: 'join_requests', items: room.requests };
      case 'approve_join': {
        const request = room.requests.find(({ profile }) => profile.user === command.user);
        if (request === undefined) return refusal('not_found');
        const { profile } = request;
        room.requests = room.requests.filter((other) => other !== request);
        room.members.push({ profile, role: 'member', presence: null });
        const body = { type: 'member_added', name: profile.name, joined: false } as const;
        this.log(room, append(room, people.me, now, body));
        return done;
      }
      case 'decline_join':
        room.requests = room.requests.filter(({ profile }) => profile.user !== command.user);
        this.changed(room);
        return done;
      case 'list_bans':
        return { type: 'bans', items: room.bans };
      case 'lift_ban':
        room.bans = room.bans.filter(({ profile }) => profile.user !== command.user);
        return done;
      case 'ban_member': {
        const member = room.members.find(({ profile }) => profile.user === command.user);
        if (member === undefined) return refusal('not_found');
        const { profile } = member;
        room.members = room.members.filter((other) => other !== member);
        room.bans = [{ profile, by: people.me, at: now }, ...room.bans];
        const body = { type: 'member_removed', name: profile.name, left: false, banned: true } as const;
        this.log(room, append(room, people.me, now, body));
        return done;
      }
      default:
        return null;
    }
  }
}
