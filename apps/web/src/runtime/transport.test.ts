import { describe, expect, it } from 'vitest';

import { request, sendPart, SocketLine, socketUrl, type PartEnv } from './transport';

class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
}

function rig() {
  const heard: string[] = [];
  const sockets: FakeSocket[] = [];
  const line = new SocketLine(
    'ws://here/v1/ws',
    {
      connected: () => heard.push('connected'),
      received: (text) => heard.push(text),
      disconnected: () => heard.push('disconnected'),
    },
    () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  );
  const socket = (index: number): FakeSocket => {
    const found = sockets[index];
    if (found === undefined) throw new Error(`no socket ${index}`);
    return found;
  };
  return { heard, line, socket };
}

describe('the line', () => {
  it('goes to the server of the page, encrypted where the page is', () => {
    expect(socketUrl('https://chat.example.org')).toBe('wss://chat.example.org/v1/ws');
    expect(socketUrl('http://127.0.0.1:8080')).toBe('ws://127.0.0.1:8080/v1/ws');
  });

  it('carries text both ways, and drops what is sent while it does not stand', () => {
    const { heard, line, socket } = rig();
    line.send('too early');
    line.connect();
    line.send('still too early');
    socket(0).open();
    line.send('hello');
    socket(0).onmessage?.({ data: 'welcome' });
    socket(0).onmessage?.({ data: new ArrayBuffer(1) });
    expect(socket(0).sent).toEqual(['hello']);
    expect(heard).toEqual(['connected', 'welcome']);
  });

  it('says once that it is lost', () => {
    const { heard, line, socket } = rig();
    line.connect();
    const first = socket(0);
    first.onclose?.();
    first.onclose?.();
    expect(heard).toEqual(['disconnected']);
  });

  it('says nothing of one that was closed on purpose, or replaced', () => {
    const { heard, line, socket } = rig();
    line.connect();
    socket(0).open();
    line.connect();
    expect(socket(0).closed).toBe(true);
    expect(socket(0).onclose).toBeNull();
    line.close();
    expect(socket(1).closed).toBe(true);
    expect(heard).toEqual(['connected']);
  });

  it('is given up where it is too slow to take what is sent', () => {
    const { heard, line, socket } = rig();
    line.connect();
    socket(0).open();
    socket(0).bufferedAmount = 9 * 1024 * 1024;
    line.send('one more');
    expect(socket(0).closed).toBe(true);
    expect(heard).toEqual(['connected', 'disconnected']);
  });
});

describe('requests', () => {
  const wanted = {
    id: 1,
    method: 'POST',
    path: '/v1/me',
    bearer: 'token',
    body: '{}',
    headers: [],
    file: null,
  };

  it('carry the token and the body, and nothing of the browser', async () => {
    let asked: RequestInit | undefined;
    const answer = await request(wanted, (_path, init) => {
      asked = init;
      return Promise.resolve(new Response('{"a":1}', { status: 409 }));
    });
    expect(answer).toEqual({ type: 'answered', status: 409, body: '{"a":1}' });
    expect(asked).toMatchObject({ method: 'POST', body: '{}', credentials: 'omit', cache: 'no-store' });
    const headers = new Headers(asked?.headers);
    expect(headers.get('authorization')).toBe('Bearer token');
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('that get no answer are unreachable', async () => {
    const answer = await request(wanted, () => Promise.reject(new TypeError('no line')));
    expect(answer).toEqual({ type: 'unreachable' });
  });

  it('are answered by the offset where the server has taken bytes', async () => {
    const headers = [['tus-resumable', '1.0.0']] as const;
    let asked: RequestInit | undefined;
    const open = { ...wanted, body: null, headers };
    const answer = await request(open, (_path, init) => {
      asked = init;
      return Promise.resolve(new Response(null, { status: 201, headers: { 'upload-offset': '7' } }));
    });
    expect(answer).toEqual({ type: 'received', offset: 7 });
    expect(new Headers(asked?.headers).get('tus-resumable')).toBe('1.0.0');
  });
});

class FakeRequest {
  readonly headers = new Map<string, string>();
  readonly upload: { onprogress: ((event: { loaded: number }) => void) | null } = { onprogress: null };
  opened = '';
  body: Blob | null = null;
  status = 0;
  offset: string | null = null;
  responseText = '';
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onabort: (() => void) | null = null;

  open(method: string, path: string): void {
    this.opened = `${method} ${path}`;
  }
  setRequestHeader(name: string, value: string): void {
    this.headers.set(name, value);
  }
  getResponseHeader(): string | null {
    return this.offset;
  }
  send(body: Blob): void {
    this.body = body;
  }
  abort(): void {
    this.onabort?.();
  }
  answer(status: number, offset: string | null, text = ''): void {
    Object.assign(this, { status, offset, responseText: text });
    this.onload?.();
  }
}

describe('a part of a file', () => {
  const wanted = {
    id: 4,
    method: 'PATCH',
    path: '/v1/uploads/b1',
    bearer: 'token',
    body: null,
    headers: [['upload-offset', '3']] as const,
    file: { blob: 'b1', offset: 3, length: 5 },
  };

  function start(part: Blob | null, secure = true) {
    const requests: FakeRequest[] = [];
    const progress: number[] = [];
    let nowMs = 0;
    const env: PartEnv = {
      createRequest: () => {
        const made = new FakeRequest();
        requests.push(made);
        return made as unknown as XMLHttpRequest;
      },
      now: () => nowMs,
      digest: secure ? (bytes) => crypto.subtle.digest('SHA-256', bytes) : null,
    };
    const sending = sendPart(
      wanted,
      () => Promise.resolve(part),
      (sent) => progress.push(sent),
      env,
    );
    const pass = (ms: number): void => {
      nowMs += ms;
    };
    return { requests, progress, sending, pass };
  }

  async function made(requests: readonly FakeRequest[]): Promise<FakeRequest> {
    await expect.poll(() => requests[0]?.body).toBeTruthy();
    const [request] = requests;
    if (request === undefined) throw new Error('no request');
    return request;
  }

  it('goes with its checksum, says now and then how far it is, and what the server has', async () => {
    const { requests, progress, sending, pass } = start(new Blob(['hello']));
    const request = await made(requests);
    expect(request.opened).toBe('PATCH /v1/uploads/b1');
    expect(Object.fromEntries(request.headers)).toEqual({
      authorization: 'Bearer token',
      'upload-offset': '3',
      'upload-checksum': 'sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
    });
    request.upload.onprogress?.({ loaded: 1 });
    pass(200);
    request.upload.onprogress?.({ loaded: 2 });
    request.upload.onprogress?.({ loaded: 3 });
    request.answer(204, '8');
    expect(progress).toEqual([2]);
    expect(await sending.answer).toEqual({ type: 'received', offset: 8 });
  });

  it('goes without a checksum where the browser makes none, and brings a refusal back', async () => {
    const { requests, sending } = start(new Blob(['hello']), false);
    const request = await made(requests);
    expect(request.headers.has('upload-checksum')).toBe(false);
    request.answer(409, null, '{}');
    expect(await sending.answer).toEqual({ type: 'answered', status: 409, body: '{}' });
  });

  it('that is aborted, or not on this device any more, is said to be', async () => {
    const { requests, sending } = start(new Blob(['hello']));
    await made(requests);
    sending.abort();
    expect(await sending.answer).toEqual({ type: 'unreachable' });
    expect(await start(null).sending.answer).toEqual({ type: 'file_gone' });
  });
});
