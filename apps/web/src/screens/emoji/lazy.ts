import { part } from '../../i18n/load';

/** The picker and its data are loaded when they are first opened. */
export const lazyEmojiPopup = () => part(import('./EmojiPopup.svelte'));
