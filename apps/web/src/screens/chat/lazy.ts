/** The menu of a message comes when the first one is opened. */
export const lazyMessageMenu = () => import('./MessageMenu.svelte');
