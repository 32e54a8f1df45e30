import { edit, erase, messageIn, pin, react } from './messages';
import { people } from './people';
import { fullScene } from './scenes';
import type { Room } from './world';

const MINUTE_MS = 60_000;

/** Messages with a history: reactions, edits, a pin, what was deleted. */
export function changedScene(now: number): Room[] {
  const rooms = fullScene(now);
  const [mila, club] = rooms;
  if (mila === undefined || club === undefined) return rooms;

  const find = (room: Room, text: RegExp) => {
    const item = room.log.find(({ body }) => body.type === 'message' && text.test(body.text));
    return messageIn(room, item?.key ?? '');
  };
  const each = (room: Room, text: RegExp, does: (item: NonNullable<ReturnType<typeof find>>) => void) => {
    const item = find(room, text);
    if (item !== undefined) does(item);
  };

  each(club, /new oars are here/, (item) => {
    react(club, item, people.me, '🎉', true);
    react(club, item, people.yuki, '🎉', true);
    react(club, item, people.amara, '🎉', true);
    react(club, item, people.theo, '👏🏽', true);
    pin(club, item, true);
  });
  each(club, /Count me in/, (item) => {
    edit(club, item, 'Count me in. I bring a trolley.', item.at + 2 * MINUTE_MS);
    react(club, item, people.jonas, '❤️', true);
  });
  each(club, /I can, after five/, (item) => erase(club, item, people.yuki));
  each(club, /Training moves/, (item) => {
    pin(club, item, true);
    react(club, item, people.salma, '👍', true);
  });
  each(club, /start without me/, (item) => erase(club, item, people.amara));

  each(mila, /\(4\)$/, (item) => pin(mila, item, true));
  each(mila, /north side this time/, (item) => react(mila, item, people.me, '❤️', true));
  each(mila, /good binoculars/, (item) =>
    edit(mila, item, 'I will pack the **good** binoculars.', item.at + MINUTE_MS),
  );
  return rooms;
}
