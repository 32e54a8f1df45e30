import type { Command, Evidence, Report, Reply } from '../generated/types';
import { UNPROVEN } from './encrypted';
import { idOf, people } from './people';
import { done, refusal } from './replies';
import type { Room } from './world';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How many reports of the scripted world a page has. */
const PAGE = 2;

const said = (seq: number, at: number, text: string, more: Partial<Evidence> = {}): Evidence => ({
  seq,
  message: idOf(9, 700 + seq),
  at,
  edit: false,
  sealed: false,
  text,
  ...more,
});

/** What whoever runs the scripted server has been told. */
function reportsOf(now: number): Report[] {
  const at = now - 2 * DAY_MS;
  const insult = idOf(9, 711);
  return [
    {
      id: idOf(12, 1),
      at: at + 9 * MINUTE_MS,
      reporter: people.salma,
      user: people.theo,
      reason: 'harassment',
      note: 'It has been going on since the regatta.\nPlease talk to him.',
      conversation: idOf(2, 2),
      evidence: [
        said(11, at, 'You row like a **wet sack**, Salma.', { message: insult }),
        said(12, at + MINUTE_MS, 'Nobody wants <b>you</b> here: https://example.org/leave', {
          preview: {
            url: 'https://example.org/leave',
            title: 'How to leave a harbour',
            site_name: 'Example',
          },
        }),
        said(15, at + 4 * MINUTE_MS, 'You row like a dry sack, Salma.', { message: insult, edit: true }),
      ],
    },
    {
      id: idOf(12, 2),
      at: at + 70 * MINUTE_MS,
      reporter: people.ines,
      user: people.oskar,
      reason: 'spam',
      note: '',
      conversation: idOf(2, 30),
      evidence: [
        said(3, at + 60 * MINUTE_MS, 'Which boat do you want to buy?', {
          sealed: true,
          options: ['The cheap one', 'The other cheap one'],
        }),
        said(4, at + 61 * MINUTE_MS, '', {
          sealed: true,
          files: [
            {
              name: 'price-list-for-all-the-boats-of-the-harbour.pdf',
              media_type: 'application/pdf',
              size: 310_000,
              caption: 'All the prices, and how to pay them at once.',
            },
          ],
        }),
      ],
    },
    {
      id: idOf(12, 3),
      at: now - 20 * MINUTE_MS,
      reporter: people.yuki,
      user: people.jonas,
      reason: 'other',
      note: 'He uses a picture of me.',
      evidence: [],
    },
    {
      id: idOf(12, 4),
      at: now - 9 * DAY_MS,
      reporter: people.amara,
      user: people.oskar,
      reason: 'danger',
      note: 'He wrote that he would go out in the storm.',
      conversation: idOf(2, 31),
      evidence: [],
      closed: { at: now - 8 * DAY_MS, by: people.me, note: 'Called him. He is fine, and at home.' },
    },
  ];
}

/** The reports of the scripted world, and what whoever looks adds to them. */
export class Reports {
  #reports: Report[];

  constructor(
    empty: boolean,
    readonly room: (id: string) => Room | undefined,
  ) {
    this.#reports = empty ? [] : reportsOf(Date.now());
  }

  answer(command: Command): Reply | null {
    if (command.type !== 'report') return null;
    const { ask } = command;
    switch (ask.type) {
      case 'send': {
        const log = this.room(ask.conversation ?? '')?.log ?? [];
        const shown = log.filter(
          ({ key, body }) => ask.messages.includes(key) && body.type === 'message' && body.text !== UNPROVEN,
        );
        return { type: 'reported', shown: shown.length, left_out: ask.messages.length - shown.length };
      }
      case 'list': {
        const all = this.#reports.filter(({ closed }) => ask.closed === (closed !== undefined));
        const from = ask.after === null ? 0 : all.findIndex(({ id }) => id === ask.after) + 1;
        const items = all.slice(from, from + PAGE);
        const next = from + PAGE < all.length ? (items.at(-1)?.id ?? null) : null;
        return { type: 'reports', items, next };
      }
      case 'close': {
        const report = this.#reports.find(({ id }) => id === ask.id);
        if (report === undefined) return refusal('not_found');
        const closed = { at: Date.now(), by: people.me, note: ask.note };
        this.#reports = [{ ...report, closed }, ...this.#reports.filter((other) => other !== report)];
        return done;
      }
    }
  }
}
