import { part } from '../../i18n/load';

/** Nobody waits for strangers: what there is to say of them is loaded when there is one. */
export const lazyRequests = () => part(import('./Requests.svelte'));
export const lazyRequestBar = () => part(import('./RequestBar.svelte'));
