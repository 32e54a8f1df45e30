/** Finds a QR code in a frame of the camera; null where there is none. */
export type Reader = (frame: HTMLVideoElement) => Promise<string | null>;

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: readonly string[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}

/** The longest side of what is looked through where the browser has no reader of its own: enough for a code that fills a third of it. */
const SIDE_MAX = 640;

/** The browser's own reader, where it has one that knows QR codes. */
async function ownReader(): Promise<Reader | null> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
  try {
    if (BarcodeDetector === undefined) return null;
    if (!(await BarcodeDetector.getSupportedFormats()).includes('qr_code')) return null;
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    return async (frame) => (await detector.detect(frame))[0]?.rawValue ?? null;
  } catch {
    return null;
  }
}

/** A reader in script, loaded when it is needed. */
async function scriptReader(): Promise<Reader> {
  const { default: decode } = await import('qr/decode.js');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return (frame) => {
    const scale = Math.min(1, SIDE_MAX / Math.max(frame.videoWidth, frame.videoHeight, 1));
    canvas.width = Math.floor(frame.videoWidth * scale);
    canvas.height = Math.floor(frame.videoHeight * scale);
    if (context === null || canvas.width === 0 || canvas.height === 0) return Promise.resolve(null);
    context.drawImage(frame, 0, 0, canvas.width, canvas.height);
    try {
      return Promise.resolve(decode(context.getImageData(0, 0, canvas.width, canvas.height)));
    } catch {
      // There is no code in it.
      return Promise.resolve(null);
    }
  };
}

export async function findReader(): Promise<Reader> {
  return (await ownReader()) ?? (await scriptReader());
}
