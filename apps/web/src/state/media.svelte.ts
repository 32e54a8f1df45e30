import { MediaQuery } from 'svelte/reactivity';

/** Whether there is room for one pane only. */
export const narrow = new MediaQuery('max-width: 47.99rem');
