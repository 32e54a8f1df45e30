import { part } from '../../../i18n/load';

/** The recorder is loaded when somebody wants to record. */
export const lazyRecorder = () => part(import('./VoiceRecorder.svelte'));
