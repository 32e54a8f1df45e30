import type { Core, CoreModule } from '../core/contract';
import type {
  Command,
  ConnectionView,
  Invite,
  ListFilter,
  Profile,
  Reply,
  SessionView,
  Splice,
  StorageView,
  TimelineItem,
  Update,
} from '../generated/types';
import { crowd } from './crowd';
import { Membership } from './membership';
import { change, edit, erase, forget, messageIn, pin, react, tellOf } from './messages';
import { arrangeGroups, Groups } from './groups';
import { Handovers } from './handover';
import { answerLater } from './later';
import { answerPreview } from './links';
import { LOADED } from './long';
import { linksFor, mediaRoom, queued, steer } from './media';
import { Notifications } from './notifications';
import { PrivacySettings } from './privacy';
import { everyone, idOf, people } from './people';
import { answerPoll } from './polls';
import { done, refusal } from './replies';
import { Reports } from './reports';
import { keep, listed } from './personal';
import { sceneOf } from './scene-of';
import { found } from './search';
import { Trusting } from './trust';
import { append, headerFor, itemFor, limits, message, nextKey, type Room } from './world';

const PAGE = 60;
const DAY_MS = 86_400_000;

/** What tests can do to the scripted world, as `window.pipit`. */
export interface Script {
  receive(room: number, from: keyof typeof people, text: string): void;
  type(room: number, from: keyof typeof people, active: boolean): void;
  connection(view: ConnectionView): void;
  storage(view: StorageView): void;
  remove(room: number): void;
  /** What somebody else does with a message, named by its place in the log or by its key. */
  change(
    room: number,
    from: keyof typeof people,
    which: number | string,
    what: { text: string } | { emoji: string; on: boolean } | { pinned: boolean } | 'delete',
  ): void;
  /** From now on this command is refused with this code; `null`: no more. */
  refuse(type: Command['type'], code: string | null): void;
  /** What the core finds out later of a change that it had taken: the server has refused it. */
  takeBack(room: number, code: string): void;
  /** Older pages wait until they are let go. */
  holdOlder(held: boolean): void;
  commands: Command[];
}

declare global {
  interface Window {
    pipit?: Script;
  }
}

/**
 * A core that plays a scene instead of talking to a server. For development and tests of the views: it answers every
 * command in a plausible way, at once, and knows nothing of the rules.
 */
export class FakeCore implements Core {
  #listeners = new Set<(update: Update) => void>();
  #rooms: Room[] = [];
  #signedIn = true;
  #loaded = true;
  #connection: ConnectionView = { state: 'up_to_date' };
  #storage: StorageView = 'durable';
  #profile: Profile = people.me;
  /** `to` is where the list ends; none where that is the end of the log. */
  #shown: { room: Room; from: number; to: number | null; firstUnread: number | null } | null = null;
  #refused = new Map<string, string>();
  #held: (() => void)[] | null = null;
  #listed = 0;
  #filter: ListFilter = 'all';
  #pins: Room[] = [];
  #invites: Invite[] = [];
  #devices = [1, 2, 3];
  #notifications = new Notifications();
  #privacy = new PrivacySettings();
  #trusting = new Trusting((user) => {
    this.#tell({ type: 'trust', user });
    if (this.#shown !== null) this.#changed(this.#shown.room);
  });
  #handovers: Handovers;
  #reports: Reports;
  #groups = new Groups(
    (id) => this.#room(id),
    (room, item) => this.#log(room, item),
    (room) => this.#changed(room),
  );
  #membership = new Membership({
    rooms: () => this.#rooms,
    log: (room, item) => this.#log(room, item),
    made: (room) => this.#made(room),
    drop: (room) => this.#drop(room),
  });
  readonly commands: Command[] = [];

  constructor(readonly scenario: string) {
    const now = Date.now();
    this.#handovers = new Handovers(scenario, (archives) => this.#tell({ type: 'archives', archives }));
    this.#reports = new Reports(scenario === 'empty', (id) => this.#room(id));
    const signedOut = ['signed-out', 'setup', 'join', 'join-expired', 'unreachable'];
    this.#signedIn = !signedOut.includes(scenario);
    this.#rooms = scenario === 'empty' || !this.#signedIn ? [] : sceneOf(scenario)(now);
    this.#loaded = scenario !== 'loading';
    if (scenario === 'loading') this.#connection = { state: 'connecting' };
    if (scenario === 'offline') this.#connection = { state: 'offline' };
    if (scenario === 'waiting') this.#connection = { state: 'waiting', retry_at: now + 20_000 };
    if (scenario === 'memory') this.#storage = 'memory';
    if (scenario === 'failing') this.#storage = 'failing';
    if (scenario === 'groups') arrangeGroups(this.#rooms, now);
    if (scenario === 'crowd') this.#rooms.push(crowd(now));
    if (scenario === 'media') this.#rooms.push(mediaRoom(now));
    this.#pins = this.#rooms.filter(({ kept }) => kept.pinned);
  }

  subscribe(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener);
    listener({ type: 'session', session: this.#session() });
    listener({ type: 'connection', connection: this.#connection });
    listener({ type: 'storage', storage: this.#storage });
    if (this.#signedIn) listener(this.#wholeList());
    listener({ type: 'archives', archives: this.#handovers.view });
    return () => this.#listeners.delete(listener);
  }

  #tell(update: Update): void {
    for (const listener of this.#listeners) listener(structuredClone(update));
  }

  #session(): SessionView {
    if (!this.#signedIn) return { state: 'signed_out', reason: null };
    const me = { profile: this.#profile, admin: this.scenario !== 'member' };
    return { state: 'signed_in', me, device: idOf(3, 1), limits, server_name: 'Harbour' };
  }

  #wholeList(): Update {
    const shown = this.#loaded ? listed(this.#rooms, this.#pins, this.#filter) : [];
    const splices = [{ at: 0, remove: this.#listed, insert: shown.map(itemFor) }];
    this.#listed = shown.length;
    const requests = listed(this.#rooms, this.#pins, 'requests').length;
    return { type: 'conversations', splices, has_more: false, loaded: this.#loaded, requests };
  }

  #changed(room: Room, splices: Splice<TimelineItem>[] = []): void {
    this.#tell(this.#wholeList());
    if (this.#shown?.room === room) this.#tellTimeline(splices);
  }

  #tellTimeline(splices: Splice<TimelineItem>[], loadingOlder = false): void {
    const shown = this.#shown;
    if (shown === null) return;
    this.#tell({
      type: 'timeline',
      header: headerFor(shown.room, shown.firstUnread, shown.from > 0, loadingOlder, shown.to !== null),
      splices,
    });
  }

  #room(id: string): Room | undefined {
    return this.#rooms.find((room) => room.id === id);
  }

  keep(): Promise<string | null> {
    return Promise.resolve(null);
  }

  async send(command: Command): Promise<Reply> {
    this.commands.push(command);
    await Promise.resolve();
    const refused = this.#refused.get(command.type);
    if (refused !== undefined) return refusal(refused);
    return (
      this.#answerAccount(command) ??
      this.#answerConversation(command) ??
      this.#answerMessages(command) ??
      this.#answerPeople(command) ??
      this.#groups.answer(command) ??
      done
    );
  }

  #answerAccount(command: Command): Reply | null {
    const joined = (): Reply => {
      this.#signedIn = true;
      this.#tell({ type: 'session', session: this.#session() });
      this.#tell(this.#wholeList());
      return done;
    };
    switch (command.type) {
      case 'get_server_info':
        if (this.scenario === 'unreachable') return refusal('offline');
        return {
          type: 'server_info',
          info: {
            name: 'Harbour',
            version: '0.1.0',
            protocol: 1,
            needs_setup: this.scenario === 'setup',
            registration_open: false,
            limits,
          },
        };
      case 'get_invite_info':
        if (this.scenario === 'join-expired') return refusal('invite_invalid');
        return {
          type: 'invite_info',
          info: { server_name: 'Harbour', invited_by: people.mila.name, expires_at: Date.now() + 5 * DAY_MS },
        };
      case 'set_up':
        return joined();
      case 'sign_up':
        return command.account.handle === 'mila' ? refusal('handle_taken', 'account.handle') : joined();
      case 'sign_in':
        return command.password === 'wrong password' ? refusal('wrong_credentials') : joined();
      case 'sign_out':
        this.#signedIn = false;
        this.#listed = 0;
        this.#shown = null;
        this.#tell({ type: 'session', session: this.#session() });
        return done;
      case 'change_profile': {
        const { avatar, ...rest } = this.#profile.face ?? {};
        const { name = this.#profile.name, about = rest.about, picture, status } = command;
        const blob = picture === undefined ? avatar : picture.picture?.blob;
        const now = status === undefined ? rest.status : status.status;
        this.#profile = {
          ...people.me,
          name,
          face: {
            ...(blob === undefined ? {} : { avatar: blob }),
            ...(about === undefined ? {} : { about }),
            ...(now === undefined ? {} : { status: now }),
          },
        };
        this.#tell({ type: 'session', session: this.#session() });
        return done;
      }
      default:
        return null;
    }
  }

  #answerConversation(command: Command): Reply | null {
    switch (command.type) {
      case 'open_timeline':
        return this.#open(command.conversation);
      case 'close_timeline':
        this.#shown = null;
        return done;
      case 'load_older':
        this.#older();
        return done;
      case 'mark_read':
        this.#read(command.conversation, command.seq);
        return done;
      case 'send_message':
        return this.#write(command);
      case 'find_preview':
        return answerPreview(command.url);
      case 'get_storage_use':
        return { type: 'storage_use', used_bytes: this.scenario === 'no-room' ? 5 * 1024 ** 3 - 4 : 0 };
      case 'get_blob_links':
        return { type: 'blob_links', ...linksFor(command.blobs), kept: [] };
      case 'pause_upload':
      case 'resume_upload':
      case 'cancel_upload':
        for (const room of this.#rooms) {
          const item = steer(room, command);
          if (item !== null) this.#replace(room, item);
        }
        return done;
      case 'retry_message':
        return this.#settle(command.message, true);
      case 'discard_message':
        return this.#settle(command.message, false);
      case 'save_draft':
        this.#draft(command.conversation, command.text);
        return done;
      case 'set_list_filter':
        this.#filter = command.filter;
        this.#tell(this.#wholeList());
        return done;
      case 'archive_conversation':
      case 'answer_request':
      case 'pin_conversation':
      case 'mute_conversation':
      case 'set_notify':
      case 'mark_unread': {
        const room = this.#room(command.conversation);
        if (room === undefined || !keep(room, this.#pins, command)) return refusal('not_found');
        this.#changed(room);
        return done;
      }
      case 'rename': {
        const room = this.#room(command.conversation);
        if (room === undefined) return refusal('not_member');
        room.title = command.title;
        this.#log(room, append(room, people.me, Date.now(), { type: 'title_changed', title: command.title }));
        return done;
      }
      default:
        return (
          this.#notifications.answer(command) ??
          this.#privacy.answer(command) ??
          this.#trusting.answer(command) ??
          this.#reports.answer(command) ??
          this.#handovers.answer(command)
        );
    }
  }

  #answerMessages(command: Command): Reply | null {
    switch (command.type) {
      case 'edit_message':
      case 'delete_message':
      case 'react':
      case 'pin_message': {
        const room = this.#room(command.conversation);
        const item = messageIn(room, command.message);
        if (room === undefined || item === undefined) return refusal('not_found');
        if (!change(room, item, command)) return refusal('forbidden');
        this.#redraw(room);
        return done;
      }
      case 'schedule_message':
      case 'cancel_scheduled':
      case 'send_scheduled': {
        const target = this.#room(command.conversation);
        const reply = answerLater(target, command, (room, text) =>
          this.#send(room, append(room, people.me, Date.now(), message(text))),
        );
        if (target !== undefined) this.#redraw(target);
        return reply;
      }
      case 'send_poll':
      case 'vote':
      case 'close_poll':
      case 'list_votes':
        return answerPoll(
          this.#room(command.conversation),
          command,
          (room, item) => this.#send(room, item),
          (room) => this.#redraw(room),
        );
      case 'delete_for_me': {
        const room = this.#room(command.conversation);
        if (room === undefined) return refusal('not_found');
        for (const key of command.messages) {
          const at = forget(room, key) - (this.#shown?.from ?? 0);
          this.#changed(room, [{ at, remove: 1, insert: [] }]);
        }
        this.#redraw(room);
        return done;
      }
      case 'forward_messages':
        return this.#forward(command);
      case 'find_place': {
        const log = this.#room(command.conversation)?.log ?? [];
        return { type: 'place', seq: (log.find((item) => item.at >= command.at) ?? log.at(-1))?.seq ?? 0 };
      }
      case 'open_timeline_at':
        return this.#openAt(command.conversation, command.seq);
      case 'load_newer':
        this.#newer();
        return done;
      case 'list_edits':
      case 'list_reactions':
      case 'get_message_info':
        if (this.#connection.state === 'offline') return refusal('offline');
        return tellOf(this.#room(command.conversation), command);
      default:
        return null;
    }
  }

  /** Tells all of the open timeline anew: what changes may show in more lines than one. */
  #redraw(room: Room): void {
    const shown = this.#shown?.room === room ? this.#shown : null;
    const insert = shown === null ? [] : room.log.slice(shown.from, shown.to ?? undefined);
    this.#changed(
      room,
      insert.map((item, at) => ({ at, remove: 1, insert: [item] })),
    );
  }

  #forward({ conversation, messages, to }: Extract<Command, { type: 'forward_messages' }>): Reply {
    const from = this.#room(conversation);
    for (const { conversation: target, ids } of to) {
      const room = this.#room(target);
      if (room === undefined) return refusal('not_member');
      for (const [index, key] of messages.entries()) {
        const item = messageIn(from, key);
        if (item === undefined) continue;
        const copy = append(room, people.me, Date.now(), message(item.body.text));
        copy.key = ids[index] ?? copy.key;
        if (copy.body.type === 'message') copy.body.attachments = item.body.attachments;
        this.#log(room, copy);
      }
    }
    return done;
  }

  #openAt(id: string, seq: number): Reply {
    const room = this.#room(id);
    if (room === undefined) return refusal('not_found');
    const index = room.log.findIndex((item) => item.seq === seq);
    const from = Math.max(0, index - PAGE / 2);
    const to = index + PAGE / 2 < room.log.length ? index + PAGE / 2 : null;
    this.#shown = { room, from, to, firstUnread: null };
    this.#tellTimeline([{ at: 0, remove: 0, insert: room.log.slice(from, to ?? undefined) }]);
    return done;
  }

  #newer(): void {
    const shown = this.#shown;
    if (shown === null || shown.to === null) return;
    const insert = shown.room.log.slice(shown.to, shown.to + PAGE);
    const at = shown.to - shown.from;
    shown.to = shown.to + PAGE < shown.room.log.length ? shown.to + PAGE : null;
    this.#tellTimeline([{ at, remove: 0, insert }]);
  }

  #answerPeople(command: Command): Reply | null {
    switch (command.type) {
      case 'search_users': {
        const query = command.query.toLowerCase();
        const items = everyone.filter(
          ({ name, handle }) => name.toLowerCase().includes(query) || handle.includes(query),
        );
        return { type: 'users', items };
      }
      case 'search':
        if (this.scenario === 'failing') return refusal('rate_limited', null, 2_000);
        return found(this.#rooms, command, this.scenario === 'offline');
      default:
        return this.#membership.answer(command) ?? this.#answerLists(command);
    }
  }

  #answerLists(command: Command): Reply | null {
    switch (command.type) {
      case 'create_invite': {
        const invite: Invite = {
          id: nextKey(),
          token: 'k3Vq7rT1mZ0aLw9x',
          made_by: people.me.user,
          expires_at: Date.now() + command.expires_in_s * 1_000,
          uses_left: command.uses,
        };
        const { token: _token, ...listed } = invite;
        this.#invites = [listed, ...this.#invites];
        return { type: 'invite', invite };
      }
      case 'list_invites':
        return { type: 'invites', items: this.#invites };
      case 'revoke_invite':
        this.#invites = this.#invites.filter(({ id }) => id !== command.invite);
        return done;
      case 'list_devices':
        return this.scenario === 'offline'
          ? refusal('offline')
          : { type: 'devices', items: this.#deviceList() };
      case 'sign_out_device':
        this.#devices = this.#devices.filter((number) => idOf(3, number) !== command.device);
        return done;
      default:
        return null;
    }
  }

  #deviceList() {
    const names = ['Firefox on Linux', 'Chrome on Android', 'Safari on iPad'];
    const now = Date.now();
    return this.#devices.map((number) => ({
      id: idOf(3, number),
      name: names[number - 1] ?? '',
      client: { name: 'pipit-web', version: '0.1.0' },
      signed_in_at: now - number * 9 * DAY_MS,
      last_seen_at: now - (number - 1) * 2 * DAY_MS,
      current: number === 1,
    }));
  }

  #open(id: string): Reply {
    if (this.scenario === 'loading') return done;
    const room = this.#room(id);
    if (room === undefined) return refusal('not_found');
    const firstUnread = room.log.find(
      (item) => !item.mine && item.body.type === 'message' && (item.seq ?? 0) > room.readSeq,
    );
    const from = Math.max(0, room.log.length - (this.scenario === 'long' ? LOADED : PAGE));
    if (room.kept.markedUnread) {
      room.kept.markedUnread = false;
      this.#tell(this.#wholeList());
    }
    this.#shown = { room, from, to: null, firstUnread: firstUnread?.seq ?? null };
    this.#tellTimeline([{ at: 0, remove: 0, insert: room.log.slice(from) }]);
    return done;
  }

  #older(): void {
    const shown = this.#shown;
    if (shown === null || shown.from === 0) return;
    this.#tellTimeline([], true);
    const from = Math.max(0, shown.from - (this.scenario === 'long' ? LOADED : PAGE));
    const insert = shown.room.log.slice(from, shown.from);
    const arrive = (): void => {
      if (this.#shown !== shown) return;
      shown.from = from;
      this.#tellTimeline([{ at: 0, remove: 0, insert }]);
    };
    if (this.#held === null) setTimeout(arrive, 120);
    else this.#held.push(arrive);
  }

  #holdOlder(held: boolean): void {
    const waiting = this.#held ?? [];
    this.#held = held ? waiting : null;
    if (!held) for (const arrive of waiting) arrive();
  }

  #read(id: string, seq: number): void {
    const room = this.#room(id);
    if (room === undefined || seq <= room.readSeq) return;
    room.readSeq = Math.min(seq, room.log.length);
    this.#changed(room);
  }

  #draft(id: string, text: string): void {
    const room = this.#room(id);
    if (room === undefined) return;
    room.draft = text;
    this.#tell(this.#wholeList());
  }

  #log(room: Room, item: TimelineItem): void {
    const at = room.log.length - 1 - (this.#shown?.from ?? 0);
    const below = this.#shown?.room === room && this.#shown.to !== null;
    this.#changed(room, below ? [] : [{ at, remove: 0, insert: [item] }]);
  }

  #write(command: Extract<Command, { type: 'send_message' }>): Reply {
    const room = this.#room(command.conversation);
    if (room === undefined) return refusal('not_member');
    const answers = room.log.find(({ key }) => key === command.reply_to) ?? null;
    const item = append(room, people.me, Date.now(), message(command.text, answers));
    item.key = command.message;
    if (item.body.type === 'message') {
      item.body.attachments = queued(command.attachments ?? []);
      if (command.preview !== undefined) item.body.preview = command.preview;
    }
    this.#send(room, item);
    return done;
  }

  #send(room: Room, item: TimelineItem): void {
    item.delivery = { state: 'queued' };
    this.#log(room, item);
    if (this.#connection.state === 'up_to_date') this.#deliver(room, item);
  }

  #deliver(room: Room, item: TimelineItem): void {
    const steps = ['sent', 'delivered', 'read'] as const;
    for (const [index, state] of steps.entries()) {
      setTimeout(
        () => {
          item.delivery = { state };
          if (item.body.type === 'message') for (const view of item.body.attachments) view.upload = null;
          item.seq ??= room.log.indexOf(item) + 1;
          this.#replace(room, item);
        },
        60 * (index + 1),
      );
    }
  }

  #replace(room: Room, item: TimelineItem): void {
    const index = room.log.indexOf(item);
    const at = index - (this.#shown?.from ?? 0);
    this.#changed(
      room,
      at < 0 || index >= (this.#shown?.to ?? Infinity) ? [] : [{ at, remove: 1, insert: [item] }],
    );
  }

  #settle(key: string, again: boolean): Reply {
    const room = this.#rooms.find(({ log }) => log.some((item) => item.key === key));
    const item = room?.log.find((entry) => entry.key === key);
    if (room === undefined || item === undefined) return refusal('not_found');
    if (again) {
      item.delivery = { state: 'queued' };
      this.#replace(room, item);
      this.#deliver(room, item);
      return done;
    }
    const index = room.log.indexOf(item);
    room.log.splice(index, 1);
    this.#changed(room, [{ at: index - (this.#shown?.from ?? 0), remove: 1, insert: [] }]);
    return done;
  }

  #made(room: Room): Reply {
    room.readSeq = room.log.length;
    this.#rooms.push(room);
    this.#changed(room);
    return { type: 'conversation', conversation: room.id };
  }

  #drop(room: Room): void {
    this.#rooms = this.#rooms.filter((other) => other !== room);
    this.#tell(this.#wholeList());
    if (this.#shown?.room === room) this.#shown = null;
    this.#tell({ type: 'timeline_gone', conversation: room.id });
  }

  #changeOf(
    room: Room,
    from: keyof typeof people,
    which: number | string,
    what: Parameters<Script['change']>[3],
  ): void {
    const key = typeof which === 'string' ? which : room.log[which - 1]?.key;
    const item = messageIn(room, key ?? '');
    if (item === undefined) throw new Error(`no message ${which}`);
    if (what === 'delete') erase(room, item, people[from]);
    else if ('text' in what) edit(room, item, what.text, Date.now());
    else if ('emoji' in what) react(room, item, people[from], what.emoji, what.on);
    else pin(room, item, what.pinned);
    this.#redraw(room);
  }

  /** The handles for tests. */
  script(): Script {
    const at = (number: number): Room => {
      const room = this.#room(idOf(2, number));
      if (room === undefined) throw new Error(`no room ${number}`);
      return room;
    };
    return {
      commands: this.commands,
      receive: (number, from, text) => {
        const room = at(number);
        this.#log(room, append(room, people[from], Date.now(), message(text)));
      },
      type: (number, from, active) => {
        const room = at(number);
        const [name = ''] = people[from].name.split(' ');
        room.typing = active ? [...room.typing, name] : room.typing.filter((other) => other !== name);
        this.#changed(room);
      },
      connection: (view) => {
        this.#connection = view;
        this.#tell({ type: 'connection', connection: view });
      },
      storage: (view) => {
        this.#storage = view;
        this.#tell({ type: 'storage', storage: view });
      },
      remove: (number) => this.#drop(at(number)),
      change: (number, from, which, what) => this.#changeOf(at(number), from, which, what),
      refuse: (type, code) => {
        if (code === null) this.#refused.delete(type);
        else this.#refused.set(type, code);
      },
      takeBack: (number, code) => {
        const { id, log } = at(number);
        this.#tell({ type: 'change_refused', conversation: id, message: log.at(-1)?.key ?? '', code });
      },
      holdOlder: (held) => this.#holdOlder(held),
    };
  }
}

/** The module that the app starts on instead of the runtime. */
export function scripted(scenario: string): CoreModule {
  const core = new FakeCore(scenario);
  window.pipit = core.script();
  let ids = 0;
  return {
    connectCore: () => core,
    newId: () => idOf(8, (ids += 1)),
  };
}
