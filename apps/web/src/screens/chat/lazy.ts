import { part } from '../../i18n/load';

/** The menu of a message comes when the first one is opened. */
export const lazyMessageMenu = () => part(import('./MessageMenu.svelte'));
