/** Loaded when a message is first to be sent later. */
export const lazySendLater = () => import('./SendLater.svelte');
