import { describe, expect, it } from 'vitest';
import { FakeBrowser, FakeTab } from './fakes';
import { MemoryFiles } from './files';

const done = { type: 'done' };

async function openTabs(browser: FakeBrowser, count: number): Promise<FakeTab[]> {
  const tabs = [];
  for (let index = 0; index < count; index += 1) {
    tabs.push(new FakeTab(browser, `view-${index}`));
    await browser.pass(1);
  }
  return tabs;
}

describe('tabs', () => {
  it('share one core, and see what the others do', async () => {
    const browser = new FakeBrowser();
    const [first, second, third] = await openTabs(browser, 3);
    const reply = second?.write('m1', 'hello');
    await browser.pass(1);
    expect(await reply).toEqual(done);
    expect([first, second, third].map((tab) => tab?.texts)).toEqual([['hello'], ['hello'], ['hello']]);
    expect(browser.opened).toHaveLength(1);
    expect(third?.statuses).toEqual(['starting', 'running']);
  });

  it('carry the engine line to the server', async () => {
    const browser = new FakeBrowser();
    await openTabs(browser, 1);
    const line = browser.lines[0];
    line?.events.connected();
    line?.events.received('frame');
    await browser.pass(1);
    expect(line?.said).toEqual(['echo frame', '{"type":"answered","status":200,"body":"/v1/server"}']);
  });

  it.each([
    ['one place', new MemoryFiles()],
    ['places of their own', null],
  ])('send files that another tab keeps, in %s', async (_where, place) => {
    const browser = new FakeBrowser();
    browser.sharedFiles = place;
    const [, second] = await openTabs(browser, 2);
    expect(await second?.core.keep('b1', new Blob(['hello']))).toBeNull();
    const file = { blob: 'b1', name: 'a.txt', media_type: '', size: 5 };
    const attachments = [
      {
        ...file,
        width: null,
        height: null,
        duration_ms: null,
        waveform: null,
        caption: null,
        preview: null,
        thumbnail: null,
      },
    ];
    void second?.core.send({
      type: 'send_message',
      message: 'm1',
      conversation: 'c',
      text: '',
      reply_to: null,
      attachments,
    });
    await browser.pass(1);
    await expect
      .poll(() => browser.lines[0]?.said.at(-1))
      .toBe('{"type":"answered","status":200,"body":"/v1/uploads/b1 hello"}');
  });

  it('lose nothing and double nothing when the leader goes in the middle of a command', async () => {
    const browser = new FakeBrowser();
    const [first, second, third] = await openTabs(browser, 3);
    await second?.write('m1', 'kept');
    let kill = true;
    browser.beforeCommand = () => {
      if (kill) first?.close();
      kill = false;
    };
    const reply = second?.write('m2', 'on its way');
    await browser.pass(200);
    expect(await reply).toEqual(done);
    expect(second?.texts).toEqual(['kept', 'on its way']);
    expect(third?.texts).toEqual(['kept', 'on its way']);
    expect(browser.opened).toHaveLength(2);
  });

  it('send again what was written while nobody led', async () => {
    const browser = new FakeBrowser();
    const [first, second] = await openTabs(browser, 2);
    first?.close();
    const reply = second?.write('m1', 'meanwhile');
    await browser.pass(200);
    expect(await reply).toEqual(done);
    expect(second?.texts).toEqual(['meanwhile']);
  });

  it('start a worker again that was killed without a word', async () => {
    const browser = new FakeBrowser();
    const [first, second] = await openTabs(browser, 2);
    first?.worker.terminate();
    await browser.pass(200);
    const replies = [first?.write('m1', 'one'), second?.write('m2', 'two')];
    await browser.pass(200);
    expect(await Promise.all(replies)).toEqual([done, done]);
    expect(first?.statuses).toEqual(['starting', 'running', 'restarting', 'running']);
    expect(first?.texts.toSorted()).toEqual(['one', 'two']);
    expect(second?.texts).toEqual(first?.texts);
  });

  it('wait for the files of a leader that has just ended', async () => {
    const browser = new FakeBrowser();
    const [first, second] = await openTabs(browser, 2);
    const reply = second?.write('m1', 'patient');
    await browser.pass(1);
    const holder = browser.files;
    first?.close();
    browser.files = holder;
    await browser.pass(100);
    expect(browser.opened).toHaveLength(1);
    browser.files = null;
    await browser.pass(100);
    expect(browser.opened).toHaveLength(2);
    expect(await reply).toEqual(done);
  });

  it('give up a command that every leader crashes on, and go on', async () => {
    const browser = new FakeBrowser();
    const [tab, other] = await openTabs(browser, 2);
    browser.beforeCommand = (command) => {
      if (command.type === 'send_message' && command.message === 'bad') throw new Error('unreachable');
    };
    const bad = tab?.write('bad', 'poison');
    await browser.pass(60_000);
    expect(await bad).toMatchObject({ type: 'failed', error: { code: 'core_crashed' } });
    const good = other?.write('good', 'fine');
    await browser.pass(60_000);
    expect(await good).toEqual(done);
    expect(tab?.texts).toEqual(['fine']);
    expect(tab?.statuses.at(-1)).toBe('running');
  });

  it('forget a view that is gone', async () => {
    const browser = new FakeBrowser();
    const [first, second] = await openTabs(browser, 2);
    second?.close();
    await browser.pass(1);
    const reply = first?.write('m1', 'alone');
    await browser.pass(1);
    expect(await reply).toEqual(done);
    expect(second?.texts).toEqual([]);
  });

  it('of an older build step down for one that was opened later', async () => {
    const browser = new FakeBrowser();
    const old = new FakeTab(browser, 'old', { build: 'one', openedAt: 1 });
    await browser.pass(1);
    const fresh = new FakeTab(browser, 'new', { build: 'two', openedAt: 2 });
    await browser.pass(200);
    expect(old.statuses.at(-1)).toBe('outdated');
    expect(await old.write('m1', 'too late')).toMatchObject({ error: { code: 'outdated' } });
    const reply = fresh.write('m2', 'right');
    await browser.pass(1);
    expect(await reply).toEqual(done);
    expect(fresh.texts).toEqual(['right']);
  });

  it('of an older build that start late learn it from the others', async () => {
    const browser = new FakeBrowser();
    const fresh = new FakeTab(browser, 'new', { build: 'two', openedAt: 2 });
    await browser.pass(1);
    const old = new FakeTab(browser, 'old', { build: 'one', openedAt: 1 });
    await browser.pass(200);
    expect(old.statuses.at(-1)).toBe('outdated');
    expect(fresh.statuses.at(-1)).toBe('running');
  });

  it('work alone where the browser has no locks', async () => {
    const browser = new FakeBrowser();
    const tab = new FakeTab(browser, 'alone', { locks: false });
    const reply = tab.write('m1', 'here');
    await browser.pass(1);
    expect(await reply).toEqual(done);
    expect(tab.texts).toEqual(['here']);
  });
});
