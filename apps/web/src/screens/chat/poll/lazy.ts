/** Loaded when the first poll is shown. */
export const lazyPollCard = () => import('./PollCard.svelte');
