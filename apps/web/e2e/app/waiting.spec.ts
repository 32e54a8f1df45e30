import { expect, test as base } from '../support/app';
import { PushService, subscribesTo } from '../support/push-service';
import { lineTeller } from '../support/pusher';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

const test = base.extend<{ service: PushService }>({
  // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
  service: async ({}, use) => {
    const service = new PushService(() => {});
    await service.start();
    await use(service);
    await service.stop();
  },
});

test.use({ serverOptions: ['--outgoing-networks', '127.0.0.2/32'] });

test('what waits when the app is closed is not forgotten when there is a line again', async ({
  person,
  service,
}) => {
  test.setTimeout(120_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· Hello');
  const { origin } = new URL(ben.server.address);
  await ben.context.grantPermissions(['notifications'], { origin });
  await subscribesTo(ben.context, service);
  await ben.context.addInitScript(() => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    Object.assign(Reflect.get(globalThis, 'SyncManager').prototype, {
      register: (tag: string) => {
        asked.push(tag);
        return Promise.resolve();
      },
    });
  });
  await ben.page.reload();
  await ben.openConversation('Ada');
  await expect(ben.line('· Hello')).toBeVisible();
  const hasWords = () => ben.page.evaluate(async () => (await caches.match('/notify/words')) !== undefined);
  await expect.poll(hasWords).toBe(true);
  const dialog = ben.page.getByRole('dialog', { name: 'Notifications' });
  const turn = async (from: string, to: string): Promise<void> => {
    await ben.menu('Account', 'Notifications');
    await dialog.getByRole('button', { name: from }).click();
    await expect(dialog.getByRole('button', { name: to })).toBeVisible();
    await ben.page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  };
  await turn('Turn on', 'Turn off');
  const tellLine = await lineTeller(ben.context, origin);
  const shown = (): Promise<string[]> =>
    ben.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      return (await registration.getNotifications()).map(({ body }) => body);
    });

  await test.step('the browser is asked to say when that is, before anything is closed', async () => {
    await ben.context.setOffline(true);
    // Else it is on its way before the app knows.
    await expect(ben.page.getByText(/You are offline/)).toBeVisible();
    await ben.write('· Later');
    await ben.expectState('· Later', 'Waiting to send');
    await expect
      .poll(() => ben.page.evaluate(() => Reflect.get(globalThis, 'asked')))
      .toEqual(['pipit-waiting']);
  });

  await test.step('where no page runs, the person is told', async () => {
    await ben.page.goto('about:blank');
    await ben.context.setOffline(false);
    // A page of the server that is not the app: it sends nothing, and sees what is shown.
    await ben.page.goto(`${origin}/v1/server`);
    await tellLine('pipit-waiting');
    // Whether it is still so is not known there: what the page had running ends a moment after it, and may have heard of the line.
    await expect.poll(shown).toEqual(['What you wrote waits to be sent. Open Pipit to send it.']);
  });

  await test.step('and opened, the app has sent it once, and says so no more', async () => {
    await ben.page.goto(origin);
    await expect(ada.line('· Later')).toHaveCount(1);
    await expect.poll(shown).toEqual([]);
  });

  await test.step('a page that runs sends it by itself', async () => {
    await ben.page.evaluate(() => {
      navigator.serviceWorker.addEventListener('message', ({ data }) =>
        Object.assign(globalThis, { heard: data }),
      );
    });
    await tellLine('pipit-waiting');
    const heard = () => ben.page.evaluate(() => Reflect.get(globalThis, 'heard'));
    await expect.poll(heard).toEqual({ type: 'are_you_there' });
    expect(await shown()).toEqual([]);
  });

  await test.step('who has turned notifications off is not told', async () => {
    await turn('Turn off', 'Turn on');
    await ben.page.reload();
    // The browser allows them, and the words are there.
    await expect.poll(hasWords).toBe(true);
    await ben.page.goto(`${origin}/v1/server`);
    await ben.page.evaluate(() => {
      Object.assign(globalThis, { asked: 0 });
      navigator.serviceWorker.addEventListener('message', ({ ports: [port] }) => {
        Object.assign(globalThis, { asked: Reflect.get(globalThis, 'asked') + 1 });
        port?.postMessage(false);
      });
      navigator.serviceWorker.startMessages();
    });
    // By the time that it asks again, it has dealt with the answer before.
    for (const times of [1, 2, 3]) {
      await tellLine('pipit-waiting');
      await expect.poll(() => ben.page.evaluate(() => Reflect.get(globalThis, 'asked'))).toBe(times);
    }
    expect(await shown()).toEqual([]);
  });
});
