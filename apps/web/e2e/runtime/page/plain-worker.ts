import init, { BrowserCore } from '../../../src/generated/core/pipit_client_wasm';
import moduleUrl from '../../../src/generated/core/pipit_client_wasm_bg.wasm?url';
import type { Command } from '../../../src/generated/types';
import { newId } from '../../../src/runtime';

interface Output {
  readonly type: string;
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
}

async function write(): Promise<string> {
  await init({ module_or_path: moduleUrl });
  const core = await BrowserCore.open(Date.now(), true);
  const handle = (input: unknown): readonly Output[] =>
    JSON.parse(core.handle(Date.now(), JSON.stringify([input]))) as Output[];
  let number = 0;
  async function command(wanted: Command): Promise<void> {
    let outputs = handle({ type: 'command', view: 'tab', id: (number += 1), command: wanted });
    for (;;) {
      const asked = outputs.find(({ type }) => type === 'http');
      if (asked === undefined) return;
      const answer = await fetch(asked.path, { method: asked.method, body: asked.body });
      outputs = handle({
        type: 'http_done',
        id: asked.id,
        answer: { type: 'answered', status: answer.status, body: await answer.text() },
      });
    }
  }
  handle({ type: 'attach', view: 'tab' });
  await command({
    type: 'sign_up',
    invite: null,
    account: { handle: 'alice', name: 'Alice', password: 'correct horse', device_name: 'phone' },
  });
  const group = newId();
  await command({ type: 'create_group', id: group, title: 'Birds', members: [] });
  await command({
    type: 'send_message',
    message: newId(),
    conversation: group,
    text: 'marzipan under the stairs',
    reply_to: null,
  });
  core.close();
  return 'written';
}

write().then(
  (words) => {
    self.postMessage(words);
  },
  (error: unknown) => {
    self.postMessage(String(error));
  },
);
