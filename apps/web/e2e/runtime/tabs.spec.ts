import { expect, test, type Tab } from './harness';

const done = { type: 'done' };

async function signedIn(tab: Tab): Promise<string> {
  await tab.signUp();
  await expect.poll(async () => (await tab.seen()).session?.state).toBe('signed_in');
  return tab.openGroup();
}

test('what is written without a line is there after a reload', async ({ tab }) => {
  const alice = await tab();
  await expect.poll(async () => (await alice.seen()).storage).toBe('durable');
  const group = await signedIn(alice);
  expect(await alice.write(group, 'kept')).toEqual(done);
  await alice.page.reload();
  await expect.poll(async () => (await alice.seen()).session?.state).toBe('signed_in');
  await alice.send({ type: 'open_timeline', conversation: group });
  await expect.poll(() => alice.texts()).toEqual(['kept']);
});

test('tabs share one core', async ({ tab }) => {
  const first = await tab();
  const group = await signedIn(first);
  const second = await tab();
  await expect.poll(async () => (await second.seen()).session?.state).toBe('signed_in');
  await second.send({ type: 'open_timeline', conversation: group });
  expect(await second.write(group, 'from the second')).toEqual(done);
  await expect.poll(() => first.texts()).toEqual(['from the second']);
  expect(await first.write(group, 'from the first')).toEqual(done);
  await expect.poll(() => second.texts()).toEqual(['from the second', 'from the first']);
});

test('no command is lost and none done twice while the leading tab closes', async ({ tab }) => {
  const leader = await tab();
  const group = await signedIn(leader);
  const follower = await tab();
  await expect.poll(async () => (await follower.seen()).session?.state).toBe('signed_in');
  await follower.send({ type: 'open_timeline', conversation: group });

  const writing = follower.page.evaluate(async (conversation) => {
    let slowest = 0;
    for (let number = 0; number < 150; number += 1) {
      const began = performance.now();
      const reply = await window.probe.send({
        type: 'send_message',
        message: window.probe.newId(),
        conversation,
        text: String(number),
        reply_to: null,
      });
      if (reply.type !== 'done') throw new Error(JSON.stringify(reply));
      slowest = Math.max(slowest, performance.now() - began);
    }
    return slowest;
  }, group);
  await expect.poll(async () => (await leader.seen()).timeline.length).toBeGreaterThan(20);
  await leader.page.close();
  const slowest = await writing;
  test.info().annotations.push({ type: 'longest wait for a reply', description: `${slowest.toFixed(0)} ms` });

  const texts = Array.from({ length: 150 }, (_, number) => String(number));
  await expect.poll(async () => (await follower.texts()).slice(-100)).toEqual(texts.slice(-100));
  await follower.page.reload();
  await follower.send({ type: 'open_timeline', conversation: group });
  await expect.poll(async () => (await follower.texts()).slice(-100)).toEqual(texts.slice(-100));
});

test('a worker that is killed is started again, and the views see no difference', async ({ tab }) => {
  const alice = await tab();
  const group = await signedIn(alice);
  await alice.write(group, 'before');
  await alice.killWorker();
  expect(await alice.write(group, 'after')).toEqual(done);
  await expect.poll(() => alice.texts()).toEqual(['before', 'after']);
  expect((await alice.seen()).conversations).toHaveLength(1);
  expect((await alice.seen()).statuses).toEqual([
    'starting',
    'running',
    'restarting: worker_lost',
    'running',
  ]);
});

test('signing out in one tab signs all of them out, and erases what was kept', async ({ tab }) => {
  const first = await tab();
  const group = await signedIn(first);
  await first.write(group, 'secret');
  const second = await tab();
  await expect.poll(async () => (await second.seen()).session?.state).toBe('signed_in');
  await second.send({ type: 'sign_out' });
  await expect.poll(async () => (await first.seen()).session?.state).toBe('signed_out');
  await first.page.reload();
  await expect.poll(async () => (await first.seen()).session?.state).toBe('signed_out');
  expect((await first.seen()).conversations).toEqual([]);
});

test('where files cannot be kept the core works on memory, and says so', async ({ context, site }) => {
  const page = await context.newPage();
  // The worker is a page of its own to scripts: what it lacks is taken from it by its script.
  await page.route('**/worker-*.js', async (route) => {
    const response = await route.fetch();
    const body = `delete FileSystemFileHandle.prototype.createSyncAccessHandle;${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await page.goto(site.address);
  await expect.poll(() => page.evaluate(() => window.probe.seen.storage)).toBe('memory');
});

test('a store that cannot be read is named, and left as it is', async ({ tab, site }) => {
  const alice = await tab();
  await signedIn(alice);
  // A page of the same origin without a core.
  await alice.page.goto(`${site.address}/v1/nothing`);
  await alice.page.evaluate(async () => {
    const spoil = async (folder: FileSystemDirectoryHandle): Promise<void> => {
      for await (const entry of folder.values()) {
        if (entry instanceof FileSystemDirectoryHandle) {
          await spoil(entry);
        } else if (entry instanceof FileSystemFileHandle && (await entry.getFile()).size > 8192) {
          const writer = await entry.createWritable({ keepExistingData: true });
          // Behind the pool's own header.
          await writer.write({ type: 'write', position: 4096, data: new Uint8Array(16_384).fill(0x5a) });
          await writer.close();
        }
      }
    };
    await spoil(await navigator.storage.getDirectory());
  });
  await alice.page.goto(site.address);
  await expect.poll(async () => (await alice.seen()).statuses).toContain('restarting: store_corrupt');
});
