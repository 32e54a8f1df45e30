import type { Command, Reply, TimelineItem } from '../generated/types';
import { membersOf } from './crowd';
import { everyone, people } from './people';
import { done, refusal } from './replies';
import { append, newRoom, type Room } from './world';

interface Host {
  rooms(): readonly Room[];
  log(room: Room, item: TimelineItem): void;
  made(room: Room): Reply;
  drop(room: Room): void;
}

/** Answers about who is in which conversation. */
export class Membership {
  constructor(readonly host: Host) {}

  answer(command: Command): Reply | null {
    switch (command.type) {
      case 'create_direct':
        return this.#direct(command.user, command.encrypted === true);
      case 'create_group': {
        const members = everyone.filter(({ user }) => command.members.includes(user));
        const room = newRoom(90, 'group', command.title, [
          { profile: people.me, role: 'owner', presence: 'online' },
          ...members.map((profile) => ({ profile, role: 'member' as const, presence: null })),
        ]);
        room.id = command.id;
        room.encrypted = command.encrypted === true;
        append(room, people.me, Date.now(), { type: 'created', title: command.title });
        return this.host.made(room);
      }
      case 'list_members': {
        const room = this.#room(command.conversation);
        return room === undefined
          ? refusal('not_member')
          : membersOf(room, command.query ?? '', command.after);
      }
      case 'add_members':
        return this.#add(command.conversation, command.users);
      case 'remove_member':
        return this.#removeMember(command.conversation, command.user);
      case 'change_role': {
        const room = this.#room(command.conversation);
        const member = room?.members.find(({ profile }) => profile.user === command.user);
        if (room === undefined || member === undefined) return refusal('not_found');
        member.role = command.role;
        this.host.log(
          room,
          append(room, people.me, Date.now(), {
            type: 'role_changed',
            name: member.profile.name,
            role: command.role,
          }),
        );
        return done;
      }
      default:
        return null;
    }
  }

  #room(id: string): Room | undefined {
    return this.host.rooms().find((room) => room.id === id);
  }

  #direct(user: string, encrypted: boolean): Reply {
    if (user === people.me.user) return this.#notes();
    const known = this.host
      .rooms()
      .find(
        (room) =>
          room.kind === 'direct' &&
          room.encrypted === encrypted &&
          room.members.some(({ profile }) => profile.user === user),
      );
    if (known !== undefined) return { type: 'conversation', conversation: known.id };
    const profile = everyone.find((person) => person.user === user);
    if (profile === undefined) return refusal('not_found');
    const room = newRoom((encrypted ? 200 : 100) + everyone.indexOf(profile), 'direct', profile.name, [
      { profile: people.me, role: 'member', presence: 'online' },
      { profile, role: 'member', presence: 'offline' },
    ]);
    room.encrypted = encrypted;
    append(room, people.me, Date.now(), { type: 'created', title: null });
    return this.host.made(room);
  }

  #notes(): Reply {
    const known = this.host.rooms().find(({ kind, members }) => kind === 'direct' && members.length === 1);
    if (known !== undefined) return { type: 'conversation', conversation: known.id };
    const room = newRoom(99, 'direct', '', [{ profile: people.me, role: 'member', presence: 'online' }]);
    append(room, people.me, Date.now(), { type: 'created', title: null });
    return this.host.made(room);
  }

  #add(id: string, users: readonly string[]): Reply {
    const room = this.#room(id);
    if (room === undefined) return refusal('not_member');
    for (const profile of everyone.filter(({ user }) => users.includes(user))) {
      room.members.push({ profile, role: 'member', presence: null });
      this.host.log(
        room,
        append(room, people.me, Date.now(), { type: 'member_added', name: profile.name, joined: false }),
      );
    }
    return done;
  }

  #removeMember(id: string, user: string): Reply {
    const room = this.#room(id);
    if (room === undefined) return refusal('not_member');
    if (user === people.me.user) {
      if (room.members.find(({ profile }) => profile.user === user)?.role === 'owner')
        return refusal('owner_required');
      this.host.drop(room);
      return done;
    }
    const member = room.members.find(({ profile }) => profile.user === user);
    if (member === undefined) return refusal('not_found');
    room.members = room.members.filter((other) => other !== member);
    const body = { type: 'member_removed', name: member.profile.name, left: false, banned: false } as const;
    this.host.log(room, append(room, people.me, Date.now(), body));
    return done;
  }
}
