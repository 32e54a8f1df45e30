/** The bar that searches one conversation is loaded when it is first opened. */
export const lazyFindBar = () => import('./FindBar.svelte');
