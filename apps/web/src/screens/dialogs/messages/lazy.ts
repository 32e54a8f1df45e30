import { part } from '../../../i18n/load';

/** Loaded when they are first opened. */
export const lazyMessageDialogs = () => part(import('./MessageDialogs.svelte'));
