/** Records a voice note by the browser's own means. */
import { condense, toBase64 } from './wave';

/** In the order in which they are tried; the ending goes with the name. */
const TYPES: [mimeType: string, ending: string][] = [
  ['audio/webm;codecs=opus', 'webm'],
  ['audio/ogg;codecs=opus', 'ogg'],
  ['audio/mp4', 'm4a'],
];
/** A level is taken so often. */
const LEVEL_MS = 60;
/** The longest recording: what is forgotten ends by itself. */
export const RECORDING_MS_MAX = 30 * 60_000;

export interface Recording {
  readonly sound: Blob;
  readonly ending: string;
  readonly durationMs: number;
  readonly waveform: string;
}

/** Whether this browser, on this page, can record. */
export function canRecord(): boolean {
  // Missing outside of secure contexts, whatever the types say.
  const devices = (navigator as Partial<Navigator>).mediaDevices;
  return devices !== undefined && 'getUserMedia' in devices && typeof MediaRecorder !== 'undefined';
}

/** A recording under way. */
export class Recorder {
  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #context: AudioContext;
  readonly #ending: string;
  readonly #levels: number[] = [];
  readonly #parts: Blob[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #startedAt = performance.now();

  private constructor(stream: MediaStream, onlevel: (level: number, atMs: number) => void) {
    const [type, ending] = TYPES.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ['', 'webm'];
    this.#stream = stream;
    this.#ending = ending;
    this.#recorder = new MediaRecorder(stream, type === '' ? {} : { mimeType: type });
    this.#recorder.ondataavailable = ({ data }) => this.#parts.push(data);
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1_024;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      const loudness = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
      // Speech is quiet: its root mean square seldom passes a third.
      const level = Math.min(1, loudness * 3);
      this.#levels.push(level);
      onlevel(level, this.#elapsed());
    }, LEVEL_MS);
    this.#recorder.start(1_000);
  }

  /** Asks for the microphone and begins. Rejects where the person, or the device, has none to give. */
  static async start(onlevel: (level: number, atMs: number) => void): Promise<Recorder> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true },
    });
    try {
      return new Recorder(stream, onlevel);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw error;
    }
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  /** Ends it, and gives what was recorded. */
  async finish(): Promise<Recording> {
    const durationMs = Math.round(this.#elapsed());
    const stopped = new Promise<void>((resolve) => (this.#recorder.onstop = () => resolve()));
    this.#recorder.stop();
    await stopped;
    this.#close();
    return {
      sound: new Blob(this.#parts, { type: this.#recorder.mimeType }),
      ending: this.#ending,
      durationMs,
      waveform: toBase64(condense(this.#levels.length > 0 ? this.#levels : [0])),
    };
  }

  /** Ends it, and forgets it. */
  cancel(): void {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    this.#close();
  }

  #close(): void {
    clearInterval(this.#timer);
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close();
  }
}
