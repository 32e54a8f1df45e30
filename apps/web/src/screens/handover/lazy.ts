import { part } from '../../i18n/load';

/** What is said above everything of hand-overs: only whoever has something to hand over or to get loads it. */
export const lazyBanner = () => part(import('./HandoverBanner.svelte'));
