import type { LinkPreview, Reply } from '../generated/types';
import { idOf, people } from './people';
import { refusal } from './replies';
import { fullScene } from './scenes';
import { append, message, type Room } from './world';

/** The sea under a pale sky, as a small JPEG. */
const PICTURE = [
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI',
  'CAgICAgICAgICAgICAgICAj/wAARCABAAGADAREAAhEAAxEA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QA',
  'FBABAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACAAMAAD8AvNhkAAAAAAAAAAAAAAAABbNOAAAAAAAAAAAAAAAAC2YeAAAAAAAA',
  'AAAAAAAAFow4AAAAAAAAAAAAAAAALZpwAAAAAAAAAAAAAAAAeSrKoeQJCEPIEhAeQiQA8gSEIeQJCA8hHMrSQ8gSEIeQJCA8',
  'hEgB5AkIQ8gSEB5COZWkh5AkIQ8gSEB5CJADyBIQh5AkIDyEf//Z',
].join('');

const pages: Partial<Record<string, Omit<LinkPreview, 'url'>>> = {
  'https://tides.example/today': {
    title: 'High water at ten past noon',
    description:
      'Times and heights for the harbour, the estuary and the outer islands, with the wind that is to be expected, for every day of this year.',
    site_name: 'Harbour office',
    picture: PICTURE,
  },
  'https://club.example/': { title: 'Rowing club' },
};

/** What the page says that a link leads to; of most there is nothing. */
export function answerPreview(url: string): Reply {
  const said = pages[url];
  return said === undefined ? refusal('not_found') : { type: 'preview', preview: { url, ...said } };
}

/** A conversation in which links have previews, one's own and another's. */
export function linksScene(now: number): Room[] {
  const rooms = fullScene(now);
  const room = rooms[0];
  if (room === undefined) return rooms;
  const say = (from: keyof typeof people, text: string, url: string): void => {
    const item = append(room, people[from], now - 60_000, message(text));
    const reply = answerPreview(url);
    if (item.body.type === 'message' && reply.type === 'preview') item.body.preview = reply.preview;
    if (from === 'me') item.delivery = { state: 'read' };
    item.key = idOf(8, room.log.length);
  };
  say('mila', 'It is all on https://tides.example/today, look', 'https://tides.example/today');
  say('me', 'And this is ours: https://club.example/', 'https://club.example/');
  return rooms;
}
