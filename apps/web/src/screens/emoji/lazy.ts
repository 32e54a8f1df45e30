/** The picker and its data are loaded when they are first opened. */
export const lazyEmojiPopup = () => import('./EmojiPopup.svelte');
