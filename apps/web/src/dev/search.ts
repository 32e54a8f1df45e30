import type { Command, ExcerptPart, FoundMessage, Reply } from '../generated/types';
import { everyone, people } from './people';
import type { Room } from './world';

const PAGE = 20;

/** What the scripted world has for a query: words and the operators of the chips, without any of the rules of the real one. */
export function found(
  rooms: readonly Room[],
  command: Extract<Command, { type: 'search' }>,
  offline: boolean,
): Reply {
  const parts = command.query.toLowerCase().split(/\s+/).filter(Boolean);
  const operators = parts.filter((part) => /^(from|has|after):/.test(part));
  const words = parts.filter((part) => !operators.includes(part)).map((word) => word.replaceAll('"', ''));
  const messages: FoundMessage[] = [];
  for (const room of rooms) {
    if (command.conversation !== null && room.id !== command.conversation) continue;
    for (const item of room.log) {
      if (item.body.type !== 'message' || item.seq === null) continue;
      const { text } = item.body;
      if (!words.every((word) => text.toLowerCase().includes(word))) continue;
      if (operators.includes('from:me') && !item.mine) continue;
      if (operators.includes('has:link') && !text.includes('http')) continue;
      if (operators.includes('has:image') || operators.includes('has:file')) continue;
      const profile = room.members.find((member) => member.profile.name === item.sender_name)?.profile;
      messages.push({
        conversation: room.id,
        title: room.title,
        seq: item.seq,
        message: item.key,
        sender: profile ?? people.me,
        mine: item.mine,
        at: item.at,
        excerpt: excerpt(text, words[0] ?? ''),
      });
    }
  }
  messages.sort((one, other) => other.at - one.at);
  const from = Number(command.after ?? 0);
  const names =
    operators.length === 0 && command.conversation === null && from === 0 ? words.join(' ') : null;
  const named = (name: string) => names !== null && name.toLowerCase().includes(names);
  return {
    type: 'search_results',
    results: {
      by: offline ? 'device' : 'server',
      people: everyone.filter(({ name }) => named(name)),
      conversations: rooms
        .filter(({ title }) => named(title))
        .map(({ id, kind, title, members }) => {
          const peer = kind === 'direct' ? members.find((member) => member.profile !== people.me) : undefined;
          return { id, kind, title, peer: peer?.profile.user ?? null, avatar: null };
        }),
      messages: messages.slice(from, from + PAGE),
      next: messages.length > from + PAGE ? String(from + PAGE) : null,
      complete: true,
    },
  };
}

function excerpt(text: string, word: string): ExcerptPart[] {
  const at = word === '' ? -1 : text.toLowerCase().indexOf(word);
  if (at === -1) return [{ text, hit: false }];
  return [
    { text: text.slice(0, at), hit: false },
    { text: text.slice(at, at + word.length), hit: true },
    { text: text.slice(at + word.length), hit: false },
  ].filter((part) => part.text !== '');
}
