import { onMount } from 'svelte';

import { useApp } from '../state/app.svelte';
import { goesBack } from '../state/media.svelte';

/**
 * What calls this lies over the screen, or has opened in it, for as long as it is there: a dialog, a menu, a picture, a search. On
 * phones and tablets people leave such things by going back, which then closes them and nothing else.
 */
export function closesOnBack(close: () => void): void {
  const { router } = useApp();
  onMount(() => (goesBack.current ? router.cover(close) : undefined));
}
