/** The key under which this device's store is sealed. At rest it is itself sealed, by a key of WebCrypto that the browser uses and does not give out. */
import { openDB } from 'idb';

const DATABASE = 'pipit-key';
const STORE = 'keys';
const NAME = 'store';
const KEY_BYTES = 32;
const CIPHER = 'AES-GCM';

interface Kept {
  /** Not extractable. */
  readonly wrapping: CryptoKey;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly wrapped: ArrayBuffer;
}

async function make(): Promise<Kept> {
  const wrapping = await crypto.subtle.generateKey({ name: CIPHER, length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const raw = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const wrapped = await crypto.subtle.encrypt({ name: CIPHER, iv }, wrapping, raw);
  raw.fill(0);
  return { wrapping, iv, wrapped };
}

/** The key, made where there is none yet. Asked for by the worker that has the store, and by no other. */
export async function storeKey(): Promise<Uint8Array<ArrayBuffer>> {
  const database = await openDB(DATABASE, 1, {
    upgrade(opened) {
      opened.createObjectStore(STORE);
    },
  });
  try {
    let kept = (await database.get(STORE, NAME)) as Kept | undefined;
    if (kept === undefined) {
      kept = await make();
      // On disk before anything is sealed with it.
      const writing = database.transaction(STORE, 'readwrite', { durability: 'strict' });
      await Promise.all([writing.store.put(kept, NAME), writing.done]);
    }
    const raw = await crypto.subtle.decrypt({ name: CIPHER, iv: kept.iv }, kept.wrapping, kept.wrapped);
    return new Uint8Array(raw);
  } finally {
    database.close();
  }
}
