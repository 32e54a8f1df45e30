// @vitest-environment jsdom
import { expect, it, vi } from 'vitest';

import { keepAsking } from './waiting';

it('asks for the line at once, and each time that the page is put away', async () => {
  const register = vi.fn(() => Promise.resolve());
  const getRegistration = vi.fn(() => Promise.resolve({ sync: { register } }));
  Object.defineProperty(navigator, 'serviceWorker', { value: { getRegistration }, configurable: true });
  let state: DocumentVisibilityState = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => state);
  const become = (next: DocumentVisibilityState): void => {
    state = next;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const end = keepAsking();
  await vi.waitFor(() => expect(register.mock.calls).toEqual([['pipit-waiting']]));
  become('hidden');
  await vi.waitFor(() => expect(register).toHaveBeenCalledTimes(2));
  become('visible');
  end();
  become('hidden');
  // It would be asked for at once.
  expect(getRegistration).toHaveBeenCalledTimes(2);
});
