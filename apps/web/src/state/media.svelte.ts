import { MediaQuery } from 'svelte/reactivity';

/** Whether there is room for one pane only. */
export const narrow = new MediaQuery('max-width: 47.99rem');

/** Whether people point with fingers: nothing can be pointed at before it is pressed. */
export const byFinger = new MediaQuery('pointer: coarse');

/** Whether people have a button or a gesture at hand that goes back: on phones and tablets. */
export const goesBack = new MediaQuery('(max-width: 47.99rem) or (pointer: coarse)');
