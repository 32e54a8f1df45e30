/** The panel is loaded when it is first opened. */
export const lazyDetails = () => import('../Details.svelte');
