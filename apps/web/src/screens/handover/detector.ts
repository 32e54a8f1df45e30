/** What the browser has for this, where it has it: <https://wicg.github.io/shape-detection-api/#barcode-detection-api>. */
interface BarcodeDetector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
interface BarcodeDetectorClass {
  new (options: { formats: string[] }): BarcodeDetector;
  getSupportedFormats(): Promise<string[]>;
}

declare global {
  interface Window {
    BarcodeDetector?: BarcodeDetectorClass;
  }
}

/** Whether there is a camera to ask for, and something that reads what it sees. */
export async function canScan(): Promise<boolean> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  return media?.getUserMedia !== undefined && (await detector()) !== null;
}

/** What finds the text of a QR code in a picture; null where nothing here does. */
export async function detector(): Promise<((source: HTMLVideoElement) => Promise<string | null>) | null> {
  const Detector = window.BarcodeDetector;
  if (Detector === undefined) return null;
  const formats = await Detector.getSupportedFormats().catch((): string[] => []);
  if (!formats.includes('qr_code')) return null;
  const detecting = new Detector({ formats: ['qr_code'] });
  return async (source) => (await detecting.detect(source))[0]?.rawValue ?? null;
}
