import { part } from '../../../i18n/load';

/** The panel is loaded when it is first opened. */
export const lazyDetails = () => part(import('../Details.svelte'));
