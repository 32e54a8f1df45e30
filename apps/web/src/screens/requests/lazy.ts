/** Nobody waits for strangers: what there is to say of them is loaded when there is one. */
export const lazyRequests = () => import('./Requests.svelte');
export const lazyRequestBar = () => import('./RequestBar.svelte');
