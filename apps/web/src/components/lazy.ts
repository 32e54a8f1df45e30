import { part } from '../i18n/load';

/** The menus come when the first one is opened, so that the first view does not wait for them. */
export const lazyActionMenu = () => part(import('./ActionMenu.svelte'));
