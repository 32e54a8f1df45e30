// @vitest-environment jsdom
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';

import { FakeCore } from '../src/dev/fake-core';
import { idOf } from '../src/dev/people';
import type { Unsent, Update } from '../src/generated/types';
import Share from '../src/screens/dialogs/Share.svelte';
import { App, contextOf } from '../src/state/app.svelte';

/** A core that says what it is told to. */
class Teller extends FakeCore {
  readonly #listeners: ((update: Update) => void)[] = [];

  override subscribe(listener: (update: Update) => void): () => void {
    this.#listeners.push(listener);
    return super.subscribe(listener);
  }

  tell(update: Update): void {
    for (const listener of this.#listeners) listener(update);
  }
}

const written = (message: string, rest: Partial<Unsent> = {}): Unsent => ({
  message,
  conversation: 'birds',
  name: 'Birds',
  removed: true,
  encrypted: false,
  text: message,
  files: 0,
  ...rest,
});

async function started() {
  const core = new Teller('full');
  const app = new App(core, () => idOf(8, 1));
  app.start();
  await vi.waitFor(() => expect(app.conversations.items.length).toBeGreaterThan(3));
  core.commands.length = 0;
  const put = (...items: Unsent[]) => core.tell({ type: 'unsent', items });
  const discarded = () =>
    core.commands.flatMap((command) => (command.type === 'discard_message' ? [command.message] : []));
  const shown = () => app.unsent.map(({ message }) => message);
  return { app, core, put, discarded, shown };
}

it('shows what was seen no more until the page is opened anew, and keeps it', async () => {
  const { app, core, put, discarded, shown } = await started();
  put(written('a'), written('b'));
  app.seeUnsent(['a']);
  expect(shown()).toEqual(['b']);
  put(written('a'), written('b'), written('c'));
  expect(shown()).toEqual(['b', 'c']);
  expect(discarded()).toEqual([]);
  core.tell({ type: 'session', session: { state: 'signed_out', reason: null } });
  put(written('a'));
  expect(shown()).toEqual(['a']);
});

it('hands on what was put aside without giving it up, to conversations in which one can write', async () => {
  const { app, put, discarded, shown } = await started();
  const [first, second, third, ...rest] = app.conversations.items;
  if (first === undefined || second === undefined || third === undefined) expect.unreachable();
  const waiting = { ...second, personal: { ...second.personal, request: 'waiting' as const } };
  app.conversations.items = [first, waiting, { ...third, encrypted: true }, ...rest];
  put(written('a'), written('b'));
  const onclose = vi.fn();
  render(Share, { props: { onclose }, context: contextOf(app) });
  const list = within(screen.getByRole('list', { name: 'Conversations to forward to' }));
  expect(list.queryByText(second.title)).toBeNull();
  expect(list.getByText(third.title)).toBeVisible();
  await fireEvent.click(list.getByText(first.title));
  expect(app.handed).toEqual({ conversation: first.id, text: 'a\nb', files: [], messages: ['a', 'b'] });
  expect([shown(), discarded()]).toEqual([[], []]);
  expect(onclose).toHaveBeenCalled();
});

it('hands on what was encrypted to encrypted conversations only', async () => {
  const { app, put } = await started();
  const [first, second, ...rest] = app.conversations.items;
  if (first === undefined || second === undefined) expect.unreachable();
  app.conversations.items = [first, { ...second, encrypted: true }, ...rest];
  put(written('a', { encrypted: true }));
  render(Share, { props: { onclose: vi.fn() }, context: contextOf(app) });
  const list = within(screen.getByRole('list', { name: 'Conversations to forward to' }));
  const encrypted = app.conversations.items.filter((item) => item.encrypted === true);
  expect(list.getAllByRole('button')).toHaveLength(encrypted.length);
  expect(list.getByText(second.title)).toBeVisible();
  expect(screen.getByText(/^What is encrypted can be forwarded to encrypted/)).toBeVisible();
});

it('discards what nobody needs', async () => {
  const { app, put, discarded, shown } = await started();
  put(written('a'), written('b'));
  render(Share, { props: { onclose: vi.fn() }, context: contextOf(app) });
  await fireEvent.click(screen.getByRole('button', { name: 'Discard' }));
  expect([shown(), discarded()]).toEqual([[], ['a', 'b']]);
});
