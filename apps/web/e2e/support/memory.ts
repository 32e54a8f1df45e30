import type { CDPSession, Page } from '@playwright/test';

/** What a page holds on to, after everything that nobody holds on to has been collected. */
export interface Held {
  /** Nodes of documents, also those that are in none any more. */
  nodes: number;
  listeners: number;
  /** JavaScript's heap of the page, kilobytes. */
  page_kb: number;
  /** The same of its workers. */
  workers_kb: number;
  /** Memory of WebAssembly, kilobytes. It never gets smaller. */
  wasm_kb: number;
}

interface Message {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

/** Asks a worker's debugger through that of its page. */
class WorkerSession {
  readonly #answers = new Map<number, (message: Message) => void>();
  #requests = 0;

  constructor(
    private readonly page: CDPSession,
    private readonly sessionId: string,
  ) {
    page.on('Target.receivedMessageFromTarget', ({ sessionId: from, message }) => {
      const answer = JSON.parse(message) as Message;
      if (from === this.sessionId && answer.id !== undefined) this.#answers.get(answer.id)?.(answer);
    });
  }

  async send<Result>(method: string, params: object = {}): Promise<Result> {
    this.#requests += 1;
    const id = this.#requests;
    const answered = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.page.send('Target.sendMessageToTarget', { sessionId: this.sessionId, message });
    const { result, error } = await answered;
    this.#answers.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as Result;
  }

  async heapKb(): Promise<number> {
    await this.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.send<{ usedSize: number }>('Runtime.getHeapUsage');
    return usedSize / 1_024;
  }

  async wasmKb(): Promise<number> {
    const expression = 'WebAssembly.Memory.prototype';
    const { result } = await this.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression });
    const { objects } = await this.send<{ objects: { objectId: string } }>('Runtime.queryObjects', {
      prototypeObjectId: result.objectId,
      objectGroup: 'memories',
    });
    const { result: sum } = await this.send<{ result: { value: number } }>('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration:
        'function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }',
      returnByValue: true,
    });
    await this.send('Runtime.releaseObjectGroup', { objectGroup: 'memories' });
    return sum.value / 1_024;
  }
}

/** Looks at what a page and its workers hold on to. */
export class MemoryProbe {
  readonly #workers = new Map<string, WorkerSession>();

  private constructor(private readonly session: CDPSession) {}

  static async of(page: Page): Promise<MemoryProbe> {
    const session = await page.context().newCDPSession(page);
    const probe = new MemoryProbe(session);
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') probe.#workers.set(sessionId, new WorkerSession(session, sessionId));
    });
    session.on('Target.detachedFromTarget', ({ sessionId }) => probe.#workers.delete(sessionId));
    await session.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: false,
      flatten: false,
    });
    return probe;
  }

  async look(): Promise<Held> {
    // What is only told that it can go has gone after the second time.
    await this.session.send('HeapProfiler.collectGarbage');
    await this.session.send('HeapProfiler.collectGarbage');
    const { nodes, jsEventListeners } = await this.session.send('Memory.getDOMCounters');
    const { usedSize } = await this.session.send('Runtime.getHeapUsage');
    const held: Held = {
      nodes,
      listeners: jsEventListeners,
      page_kb: usedSize / 1_024,
      workers_kb: 0,
      wasm_kb: 0,
    };
    for (const worker of this.#workers.values()) {
      held.workers_kb += await worker.heapKb();
      held.wasm_kb += await worker.wasmKb();
    }
    return held;
  }
}
