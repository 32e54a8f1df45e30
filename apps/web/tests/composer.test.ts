// @vitest-environment jsdom
import { fireEvent, render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeCore } from '../src/dev/fake-core';
import { idOf, people } from '../src/dev/people';
import { append, headerFor, message, newRoom } from '../src/dev/world';
import type { Command, TimelineItem } from '../src/generated/types';
import { isMessage, type MessageItem } from '../src/screens/chat/actions/desk.svelte';
import Composer from '../src/screens/chat/Composer.svelte';
import { App, contextOf } from '../src/state/app.svelte';

const room = newRoom(1, 'direct', people.mila.name, []);

interface Options {
  draft?: string;
  reply?: TimelineItem;
  edit?: MessageItem;
  send?: boolean;
}

function composer(options: Options = {}) {
  const core = new FakeCore('full');
  const app = new App(core, () => idOf(8, 1));
  const stop = app.start();
  core.commands.length = 0;
  const header = { ...headerFor(room, null, false, false), draft: options.draft ?? '' };
  header.allowed.send = options.send ?? true;
  const events = {
    onsent: vi.fn(),
    oncancel: vi.fn(),
  };
  const view = render(Composer, {
    props: {
      header,
      reply: options.reply ?? null,
      edit: options.edit ?? null,
      ...events,
    },
    context: contextOf(app),
  });
  const sent = <T extends Command['type']>(type: T) =>
    core.commands.filter((command): command is Extract<Command, { type: T }> => command.type === type);
  return { app, view, sent, stop, ...events };
}

const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message to Mila Novak' });

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
afterEach(() => void vi.useRealTimers());

describe('the composer', () => {
  it('sends with Enter, keeps line breaks of Shift+Enter, and empties itself', async () => {
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const { sent, onsent } = composer();
    await user.type(field(), 'one{Shift>}{Enter}{/Shift}two{Enter}');
    expect(sent('send_message')).toEqual([
      { type: 'send_message', message: idOf(8, 1), conversation: room.id, text: 'one\ntwo', reply_to: null },
    ]);
    expect(field()).toHaveValue('');
    expect(onsent).toHaveBeenCalledOnce();
  });

  it('leaves Enter to an input method', async () => {
    const { sent } = composer({ draft: 'こん' });
    await fireEvent.keyDown(field(), { key: 'Enter', isComposing: true });
    await fireEvent.keyDown(field(), { key: 'Enter', keyCode: 229 });
    expect(sent('send_message')).toEqual([]);
  });

  it('sends nothing that is nothing', async () => {
    const { sent } = composer({ draft: '  \n ' });
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent('send_message')).toEqual([]);
    expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled();
  });

  it('begins with the draft, saves it after a pause, and forgets it when it is sent', async () => {
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const { sent } = composer({ draft: 'half' });
    expect(field()).toHaveValue('half');
    await user.type(field(), ' way');
    expect(sent('save_draft')).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent('save_draft')).toMatchObject([{ text: 'half way' }]);
    await user.keyboard('{Enter}');
    expect(sent('save_draft').at(-1)).toMatchObject({ text: '' });
  });

  it('goes on with what was begun on another device, unless something else is being written', async () => {
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const { view } = composer();
    const comes = (draft: string) =>
      view.rerender({ header: { ...headerFor(room, null, false, false), draft } });
    await comes('on the phone');
    expect(field()).toHaveValue('on the phone');
    await user.type(field(), ', and here');
    await comes('on the phone again');
    expect(field()).toHaveValue('on the phone, and here');
    await vi.advanceTimersByTimeAsync(500);
    // What was told before does not come again.
    await comes('on the phone again');
    expect(field()).toHaveValue('on the phone, and here');
    await comes('on the phone after all');
    expect(field()).toHaveValue('on the phone after all');
  });

  it('saves at once when the conversation is left', async () => {
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const { sent, view } = composer();
    await user.type(field(), 'wait');
    view.unmount();
    expect(sent('save_draft')).toMatchObject([{ text: 'wait' }]);
  });

  it('says that somebody types, and that they stopped', async () => {
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const { sent } = composer();
    await user.type(field(), 'a');
    expect(sent('set_typing').at(-1)).toMatchObject({ active: true });
    await user.type(field(), '{Backspace}');
    expect(sent('set_typing').at(-1)).toMatchObject({ active: false });
  });

  it('counts near the limit and refuses beyond it', async () => {
    const { app, sent } = composer();
    const limit = app.limits?.message_text_bytes_max ?? 0;
    await fireEvent.input(field(), { target: { value: 'a'.repeat(limit - 5) } });
    expect(screen.getByText('5 characters left')).toBeVisible();
    await fireEvent.input(field(), { target: { value: 'é'.repeat(limit / 2 + 1) } });
    expect(screen.getByText('1 character too long')).toBeVisible();
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent('send_message')).toEqual([]);
  });

  it('answers a message, and can be told not to', async () => {
    const answered = append(newRoom(2, 'direct', '', []), people.mila, 0, message('North side?'));
    const { sent, oncancel } = composer({ reply: answered, draft: 'Yes' });
    expect(screen.getByText('Replying to Mila Novak')).toBeVisible();
    await fireEvent.click(screen.getByRole('button', { name: 'Do not reply' }));
    expect(oncancel).toHaveBeenCalledOnce();
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent('send_message')).toMatchObject([{ reply_to: answered.key }]);
  });

  it('gives the words back where they could not be kept', async () => {
    const { app } = composer({ draft: 'precious' });
    vi.spyOn(app, 'ask').mockRejectedValueOnce(new Error('disk'));
    await fireEvent.keyDown(field(), { key: 'Enter' });
    await tick();
    expect(field()).toHaveValue('precious');
    expect(app.toasts.list).toMatchObject([{ tone: 'error' }]);
  });

  it('edits a message without touching the draft', async () => {
    const written = append(newRoom(2, 'direct', '', []), people.me, 0, message('See you at 8'));
    if (!isMessage(written)) expect.unreachable();
    const { app, sent, oncancel, view } = composer({ draft: 'half', edit: written });
    const edited = vi.spyOn(app, 'ask').mockResolvedValueOnce({ type: 'done' });
    expect(field()).toHaveValue('See you at 8');
    await fireEvent.input(field(), { target: { value: 'See you at 9' } });
    await vi.advanceTimersByTimeAsync(500);
    await fireEvent.keyDown(field(), { key: 'Enter' });
    expect(edited).toHaveBeenCalledWith(
      {
        type: 'edit_message',
        change: idOf(8, 1),
        conversation: room.id,
        message: written.key,
        text: 'See you at 9',
      },
      'done',
    );
    expect(oncancel).toHaveBeenCalledOnce();
    await view.rerender({ edit: null });
    expect(field()).toHaveValue('half');
    expect([...sent('save_draft'), ...sent('set_typing'), ...sent('send_message')]).toEqual([]);
  });

  const pasting = (text: string) => ({
    clipboardData: { files: [], types: ['text/plain'], getData: () => text },
  });

  it('offers a long paste as a file', async () => {
    composer();
    const long = 'a line\n'.repeat(2_000);
    await fireEvent.paste(field(), pasting(long));
    await fireEvent.input(field(), { target: { value: `See: ${long}` } });
    await fireEvent.click(screen.getByRole('button', { name: 'Send as a file' }));
    const attached = screen.getByRole('list', { name: 'Attached files' });
    expect(attached).toHaveTextContent('pasted.txt');
    expect(attached).toHaveTextContent('14 kB');
    expect(field()).toHaveValue('See: ');
    expect(screen.queryByRole('button', { name: 'Send as a file' })).toBeNull();
  });

  it('offers no file where the text is short', async () => {
    composer();
    await fireEvent.paste(field(), pasting('a'.repeat(900)));
    expect(screen.queryByRole('button', { name: 'Send as a file' })).toBeNull();
  });

  const handed = { conversation: room.id, text: 'and more', files: [], messages: ['a', 'b'] };

  it('takes what is handed over, and gives up what that is of once the device has the draft', async () => {
    const { app, sent } = composer({ draft: 'half' });
    const save = vi.spyOn(app.drafts, 'save').mockResolvedValueOnce(false);
    app.handed = handed;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(save.mock.calls).toEqual([[room.id, 'half\nand more']]);
    expect([app.handed, sent('discard_message')]).toEqual([null, []]);
    app.handed = { ...handed, text: 'to the end' };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(field()).toHaveValue('half\nand more\nto the end');
    expect(sent('save_draft')).toMatchObject([{ text: 'half\nand more\nto the end' }]);
    expect(sent('discard_message').map(({ message }) => message)).toEqual(['a', 'b']);
  });

  it('puts what is handed over to the draft, not to the message that is being changed', async () => {
    const written = append(newRoom(2, 'direct', '', []), people.me, 0, message('See you at 8'));
    if (!isMessage(written)) expect.unreachable();
    const { app, sent, view } = composer({ draft: 'half', edit: written });
    app.handed = handed;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(field()).toHaveValue('See you at 8');
    expect(sent('save_draft')).toMatchObject([{ text: 'half\nand more' }]);
    expect(sent('discard_message')).toHaveLength(2);
    await view.rerender({ edit: null });
    expect(field()).toHaveValue('half\nand more');
  });

  it('leaves what is handed over where one may not write', async () => {
    const { app, sent } = composer({ send: false });
    app.handed = handed;
    await vi.advanceTimersByTimeAsync(1_000);
    expect([sent('save_draft'), sent('discard_message')]).toEqual([[], []]);
  });

  it('is not there where one may not write', () => {
    composer({ send: false });
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(screen.getByText('You cannot write here.')).toBeVisible();
  });
});
