/** The recorder is loaded when somebody wants to record. */
export const lazyRecorder = () => import('./VoiceRecorder.svelte');
