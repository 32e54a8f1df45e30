/** Loaded when they are first opened. */
export const lazyMessageDialogs = () => import('./MessageDialogs.svelte');
