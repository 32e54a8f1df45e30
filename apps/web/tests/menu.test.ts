// @vitest-environment jsdom
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { createRawSnippet } from 'svelte';
import { expect, it, vi } from 'vitest';

import Menu from '../src/components/Menu.svelte';
import * as lazy from '../src/components/lazy';
import { FakeCore } from '../src/dev/fake-core';
import { App, contextOf } from '../src/state/app.svelte';

vi.mock(import('../src/components/lazy'), { spy: true });

/** A button that has what the menu gives it. */
const trigger = createRawSnippet<[Record<string, unknown>]>((props) => ({
  render: () => '<button>More</button>',
  setup: (button) => {
    for (const [name, value] of Object.entries(props()))
      if (name.startsWith('on')) button.addEventListener(name.slice(2), value as EventListener);
  },
}));

it('says that it did not load, and opens when that is asked for again', async () => {
  const app = new App(new FakeCore('full'), () => '');
  const run = vi.fn();
  const actions = [{ text: 'Do it', icon: 'pencil', run }] as const;
  const load = vi.mocked(lazy.lazyActionMenu);
  load.mockRejectedValue(new Error('no line'));
  render(Menu, { props: { actions, trigger }, context: contextOf(app) });
  const user = userEvent.setup();
  const button = screen.getByRole('button', { name: 'More' });
  await user.click(button);
  await vi.waitFor(() => expect(app.toasts.list.map(({ tone }) => tone)).toEqual(['error']));
  expect(screen.queryByRole('menu')).toBeNull();
  app.toasts.list = [];
  await user.click(button);
  await vi.waitFor(() => expect(app.toasts.list.length).toBe(1));
  expect(run).not.toHaveBeenCalled();
});
