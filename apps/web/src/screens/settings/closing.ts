import { getContext, setContext } from 'svelte';

const KEY = Symbol('settings');

/** Gives the pages what closes the settings. */
export function provideClosing(close: () => void): void {
  setContext(KEY, close);
}

export function useClosing(): () => void {
  return getContext<() => void>(KEY);
}
