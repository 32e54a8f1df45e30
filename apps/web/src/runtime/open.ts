/** Loads the engine and opens it on this device's store, or on memory where the browser keeps nothing. */
import init, { BrowserCore, watch_panics } from '../generated/core/pipit_client_wasm';
import moduleUrl from '../generated/core/pipit_client_wasm_bg.wasm?url';
import { CoreFailure, type CoreHandle } from './core';
import { storeKey } from './store-key';

let loaded: Promise<void> | null = null;
let panic: string | null = null;

/** Loads the WebAssembly once; asked again after a failure it tries again. */
function load(): Promise<void> {
  if (loaded !== null) return loaded;
  loaded = init({ module_or_path: moduleUrl }).then(
    () => {
      watch_panics((message: string) => {
        panic = message;
      });
    },
    (error: unknown) => {
      loaded = null;
      throw new CoreFailure('core_unavailable', String(error));
    },
  );
  return loaded;
}

/** Whether files can be kept: not in some private windows, nor outside of secure contexts, nor in WebKitGTK. */
export async function canPersist(): Promise<boolean> {
  if (typeof FileSystemFileHandle === 'undefined') return false;
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return false;
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
}

/** A trap says nothing but "unreachable"; what the engine said before it is what to report. */
function explain(error: unknown): unknown {
  return panic === null ? error : new CoreFailure('core_crashed', panic);
}

async function findKey(): Promise<Uint8Array> {
  try {
    return await storeKey();
  } catch (error) {
    throw new CoreFailure('store_failed', `the key of the store: ${String(error)}`);
  }
}

/**
 * Opens the core.
 *
 * @param options.persistent - Whether files can be kept, and something keeps other tabs from opening the same store.
 */
export async function openCore(options: { persistent: boolean }): Promise<CoreHandle> {
  const [key] = await Promise.all([options.persistent ? findKey() : undefined, load()]);
  let core: BrowserCore;
  try {
    core = await BrowserCore.open(Date.now(), options.persistent, key);
  } catch (error) {
    throw explain(error);
  } finally {
    key?.fill(0);
  }
  const guarded = <Result>(step: () => Result): Result => {
    try {
      return step();
    } catch (error) {
      throw explain(error);
    }
  };
  return {
    handle: (nowMs, inputs) => guarded(() => core.handle(nowMs, inputs)),
    wakeAt: () => core.wake_at(),
    close: () => {
      core.close();
    },
  };
}
