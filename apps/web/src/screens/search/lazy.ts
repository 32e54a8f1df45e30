import { part } from '../../i18n/load';

/** The bar that searches one conversation is loaded when it is first opened. */
export const lazyFindBar = () => part(import('./FindBar.svelte'));
