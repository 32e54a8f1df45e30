import type { Member, Profile, Reply, Role } from '../generated/types';
import { idOf, people } from './people';
import { append, message, newRoom, type Room } from './world';

/** How many are in a page. */
const PAGE = 20;
const ranks: readonly Role[] = ['owner', 'admin', 'moderator', 'member'];

/** A group of more people than its header lists. */
export function crowd(now: number): Room {
  const first = ['Ada', 'Bela', 'Cleo', 'Dilan', 'Edda', 'Finn', 'Greta', 'Hugo'];
  const last = ['Berg', 'Costa', 'Dahl', 'Evers', 'Falk', 'Gruber', 'Hansen', 'Ito', 'Jansen', 'Keller'];
  const many = first.flatMap((given, row) =>
    last.map((family, column): Profile => {
      const name = `${given} ${family}`;
      return {
        user: idOf(1, 1_000 + row * last.length + column),
        handle: name.toLowerCase().replace(' ', '.'),
        name,
      };
    }),
  );
  const room = newRoom(40, 'group', 'All of Harbour', [
    { profile: people.me, role: 'owner', presence: 'online' },
    ...many.map((profile, index) => ({
      profile,
      role: index === 61 ? ('admin' as const) : ('member' as const),
      presence: null,
    })),
  ]);
  append(room, people.me, now - 60_000, { type: 'created', title: room.title });
  append(room, people.me, now - 30_000, message('Welcome, everybody.'));
  room.readSeq = room.log.length;
  return room;
}

/** A page of a room's members, by role and then by name, whose handle or a word of whose name begins so. */
export function membersOf(room: Room, query: string, after: string | null): Reply {
  const begin = query.toLowerCase();
  const found = room.members
    .filter(({ profile: { handle, name } }) =>
      [handle, ...name.split(' ')].some((word) => word.toLowerCase().startsWith(begin)),
    )
    .sort(
      (a, b) => ranks.indexOf(a.role) - ranks.indexOf(b.role) || a.profile.name.localeCompare(b.profile.name),
    );
  const from = after === null ? 0 : Number(after);
  const items = found
    .slice(from, from + PAGE)
    .map(({ profile, role }): Member => ({ ...profile, role, delivered_seq: 0, read_seq: 0 }));
  return { type: 'members', items, next: from + PAGE < found.length ? String(from + PAGE) : null };
}
