/** The menus come when the first one is opened, so that the first view does not wait for them. */
export const lazyActionMenu = () => import('./ActionMenu.svelte');
