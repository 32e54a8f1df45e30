import type { Command, PollView, Reply, TimelineItem } from '../generated/types';
import { people } from './people';
import { done, refusal } from './replies';
import { messageIn } from './messages';
import { fullScene } from './scenes';
import { append, message, type Room } from './world';

const HOUR_MS = 3_600_000;

function view(options: [text: string, count: number, mine?: boolean][], more: Partial<PollView>): PollView {
  return {
    options: options.map(([text, count, mine = false]) => ({ text, count, mine })),
    multiple: false,
    anonymous: false,
    closes_at: null,
    closed: false,
    voters: 0,
    can_vote: true,
    can_close: false,
    ...more,
  };
}

function ask(
  room: Room,
  by: keyof typeof people,
  at: number,
  question: string,
  poll: PollView,
): TimelineItem {
  const item = append(room, people[by], at, message(question));
  if (item.body.type === 'message')
    item.body = { ...item.body, poll, can: { ...item.body.can, edit: false } };
  return item;
}

/** A group in which things are asked: one to choose from, several, and one that has ended. */
export function pollScene(now: number): Room[] {
  const rooms = fullScene(now);
  const club = rooms[1];
  if (club === undefined) return rooms;
  const boats = view(
    [
      ['The blue one', 4],
      ['The old four', 2, true],
    ],
    { multiple: true, voters: 5 },
  );
  const lamp = view(
    [
      ['Yes', 3],
      ['No', 1],
    ],
    { anonymous: true, voters: 4, closed: true, can_vote: false },
  );
  const day = view(
    [
      ['Saturday', 3],
      ['Sunday', 1],
      ['Neither of the two', 0],
    ],
    {
      voters: 4,
      closes_at: now + 26 * HOUR_MS,
      can_close: true,
    },
  );
  ask(club, 'yuki', now - 3 * HOUR_MS, 'Do we need a second lamp?', lamp);
  ask(club, 'amara', now - 2 * HOUR_MS, 'Which boats do we take?', boats);
  ask(club, 'me', now - HOUR_MS, 'When do we row?', day);
  club.readSeq = club.log.length;
  return rooms;
}

type PollCommand = Extract<Command, { type: 'send_poll' | 'vote' | 'close_poll' | 'list_votes' }>;

/** Does what somebody who looks asks for; a new poll is told to `write`, a changed one to `redraw`. */
export function answerPoll(
  room: Room | undefined,
  command: PollCommand,
  write: (room: Room, item: TimelineItem) => void,
  redraw: (room: Room) => void,
): Reply {
  if (room === undefined) return refusal('not_member');
  if (command.type === 'send_poll') {
    const { options, ...kind } = command.poll;
    const poll = view(
      options.map((text) => [text, 0]),
      { ...kind, can_close: true },
    );
    const item = ask(room, 'me', Date.now(), command.question, poll);
    item.key = command.message;
    write(room, item);
    return done;
  }
  const item = messageIn(room, command.message);
  const poll = item?.body.poll;
  if (item === undefined || poll === undefined) return refusal('not_found');
  if (command.type === 'list_votes') {
    const { user, name, handle } = people.yuki;
    return { type: 'votes', items: [{ options: [0], profile: { user, name, handle } }] };
  }
  item.body.poll =
    command.type === 'vote'
      ? voted(poll, command.options)
      : { ...poll, closed: true, can_vote: false, can_close: false };
  redraw(room);
  return done;
}

function voted(poll: PollView, chosen: readonly number[]): PollView {
  const had = poll.options.some(({ mine }) => mine);
  const options = poll.options.map(({ text, count, mine }, place) => {
    const now = chosen.includes(place);
    return { text, mine: now, count: count + Number(now) - Number(mine) };
  });
  return { ...poll, options, voters: poll.voters + Number(chosen.length > 0) - Number(had) };
}
