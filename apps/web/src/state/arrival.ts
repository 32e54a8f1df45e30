import type { App } from './app.svelte';

/** Dialogs that a shortcut of the installed app can open. */
const DIALOGS = ['new-chat', 'new-group', 'share'] as const;

/** Does what the page was opened for (`/?open=…`: a shortcut of the installed app, or something that was shared), once. */
export function arrive(app: App): void {
  const address = new URL(location.href);
  const asked = address.searchParams.get('open');
  if (asked === null) return;
  address.searchParams.delete('open');
  history.replaceState(history.state, '', address);
  const dialog = DIALOGS.find((name) => name === asked);
  if (dialog !== undefined) app.dialog = dialog;
  else if (asked === 'notes' && app.me !== null) void app.openDirect(app.me.profile.user);
}
