import { part } from '../../../i18n/load';

/** Loaded when a message is first to be sent later. */
export const lazySendLater = () => part(import('./SendLater.svelte'));
