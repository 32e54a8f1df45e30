/** Writes a store that is not sealed, with a session and a message. */
const worker = new Worker(new URL('./plain-worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }: MessageEvent<string>) => {
  worker.terminate();
  document.title = data;
};
