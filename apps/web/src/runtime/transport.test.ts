import { describe, expect, it } from 'vitest';

import { request, SocketLine, socketUrl } from './transport';

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
  const wanted = { id: 1, method: 'POST', path: '/v1/me', bearer: 'token', body: '{}' };

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
});
