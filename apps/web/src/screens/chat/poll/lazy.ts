import { part } from '../../../i18n/load';

/** Loaded when the first poll is shown. */
export const lazyPollCard = () => part(import('./PollCard.svelte'));
