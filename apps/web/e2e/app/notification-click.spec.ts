import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, Person, test as base } from '../support/app';
import { Desktop, type Notification } from '../support/desktop';
import { PushService, subscribesTo } from '../support/push-service';
import { pusher } from '../support/pusher';

/**
 * What is done with a notification, on the way that it has with people: the server seals a push for the device and posts it to
 * its push service; the browser's service worker shows it on the desktop, by D-Bus; what is pressed there comes back to the
 * service worker as the browser's own event.
 *
 * Two things are not real, because no push service can be reached from here: the page's subscription names one of the test's
 * own, and what that opens is handed to the browser by the protocol of its developer tools.
 */

interface Scene {
  desktop: Desktop;
  /** Whether what is pushed is lost on its way. */
  pushes: { lost: boolean };
  /** Somebody who is notified on a desktop, and has one window of something else open. */
  notified(name: string): Promise<Person>;
}

const test = base.extend<Scene>({
  // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
  desktop: async ({}, use) => {
    const desktop = new Desktop();
    await desktop.start();
    await use(desktop);
    await desktop.stop();
  },
  // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
  pushes: async ({}, use) => {
    await use({ lost: false });
  },
  notified: async (
    { browser, launchOptions, contextOptions, viewport, locale, server, desktop, pushes },
    use,
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'pipit-profile-'));
    // In private windows the browser forgets whose notification was pressed.
    const context = await browser.browserType().launchPersistentContext(folder, {
      ...launchOptions,
      ...contextOptions,
      viewport,
      locale,
      env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: desktop.address },
    });
    let push: ((text: string) => Promise<void>) | undefined;
    let pushed = Promise.resolve();
    const service = new PushService((text) => {
      if (!pushes.lost) pushed = pushed.then(() => push?.(text));
    });
    await service.start();
    await use(async (name) => {
      const origin = new URL(server.address).origin;
      await context.grantPermissions(['notifications'], { origin });
      await subscribesTo(context, service);
      push = await pusher(context, origin);
      return new Person(name, context, server);
    });
    await service.stop();
    await pushed;
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  },
});

test.use({ serverOptions: ['--outgoing-networks', '127.0.0.2/32', '--push-active-delay-ms', '0'] });

test('a notification leads to its conversation, and is answered and marked as read where it stands', async ({
  person,
  notified,
  desktop,
  pushes,
}) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), notified('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· Hello');
  await expect(ben.listed('Ada')).toBeVisible();

  await test.step('notifications are turned on', async () => {
    await ben.menu('Account', 'Notifications');
    const dialog = ben.page.getByRole('dialog', { name: 'Notifications' });
    await dialog.getByRole('button', { name: 'Turn on' }).click();
    await expect(dialog.getByRole('button', { name: 'Turn off' })).toBeVisible();
    await ben.page.keyboard.press('Escape');
  });

  /** Waits until the desktop shows that Ada has written this, alone. */
  const told = async (text: string): Promise<Notification> => {
    await ada.write(text);
    await expect
      .poll(() => desktop.shown.map(({ title, body }) => [title, body.split('\n').at(-1)]))
      .toEqual([['Ada', text]]);
    const [notification] = desktop.shown;
    if (notification === undefined) throw new Error('nothing is shown');
    return notification;
  };
  const heading = () => ben.page.getByRole('heading', { name: 'Ada', exact: true });
  const gone = () => expect.poll(() => desktop.shown).toEqual([]);

  await test.step('pressed, it opens its conversation in the window that is there, and goes', async () => {
    const notification = await told('· Are you there?');
    expect([...notification.actions.keys()]).toEqual(expect.arrayContaining(['Reply', 'Mark as read']));
    await expect(heading()).toBeHidden();
    desktop.press(notification);
    await expect(heading()).toBeVisible();
    await expect(ben.line('· Are you there?')).toBeVisible();
    await gone();
  });

  await test.step('an answer is sent from where it is written', async () => {
    await ben.page.goto(ben.server.address);
    await expect(ben.listed('Ada')).toBeVisible();
    desktop.reply(await told('· It rains'), '· Take a coat');
    await expect(ada.line('· Take a coat')).toHaveCount(1);
    await gone();
    await expect(heading(), 'nothing is opened for that').toBeHidden();
  });

  await test.step('marked as read there, it is read', async () => {
    const notification = await told('· I will');
    await ada.expectState('· I will', 'Delivered');
    desktop.press(notification, 'Mark as read');
    await ada.expectState('· I will', 'Read');
    await gone();
    await expect(heading()).toBeHidden();
  });

  await test.step('where no window is open, one is', async () => {
    await ben.close();
    const opened = ben.context.waitForEvent('page');
    desktop.press(await told('· On my way'));
    const page = await opened;
    await expect(page.getByRole('heading', { name: 'Ada', exact: true })).toBeVisible();
    await gone();
    await page.close();
  });

  await test.step('an answer opens one as well, and is sent from there', async () => {
    const opened = ben.context.waitForEvent('page');
    desktop.reply(await told('· Here I am'), '· Come in');
    const page = await opened;
    await expect(ada.line('· Come in')).toHaveCount(1);
    await expect(page.getByRole('heading', { name: 'Ada', exact: true })).toBeVisible();
    await gone();
  });

  /** A group that says something, which the desktop shows. */
  const groupTells = async (title: string): Promise<Notification> => {
    await ada.makeGroup(title, 'ben');
    await expect(ada.page.getByRole('heading', { name: title })).toBeVisible();
    await ada.write(`· ${title} at six`);
    await expect.poll(() => desktop.shown.map((shown) => shown.title)).toEqual([title]);
    const [notification] = desktop.shown;
    if (notification === undefined) throw new Error('nothing is shown');
    return notification;
  };
  const removeBen = async (): Promise<void> => {
    const details = await ada.openDetails();
    await details.getByRole('button', { name: 'Actions for Ben' }).click();
    await ada.page.getByRole('menuitem', { name: 'Remove from group' }).click();
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
    await expect(ada.line('You removed Ben')).toBeVisible();
  };

  await test.step('of a group that one was removed from nothing stays, though no page is open', async () => {
    for (const page of ben.context.pages().slice(1)) await page.close();
    await groupTells('Sailing');
    await removeBen();
    await gone();
    await ada.closeDetails();
  });

  await test.step('where that is not heard of, it says so and tells no more, and what is answered there is not lost', async () => {
    const notification = await groupTells('Rowing');
    pushes.lost = true;
    await removeBen();
    await ada.write('· Without Ben');
    await ada.expectState('· Without Ben', 'Sent');
    expect(notification.body).not.toContain('Without Ben');
    const opened = ben.context.waitForEvent('page');
    desktop.reply(notification, '· I am late');
    const page = await opened;
    await expect(page.getByText('This conversation cannot be opened')).toBeVisible();
    const dialog = page.getByRole('dialog', { name: 'Reply not sent' });
    await expect(
      dialog.getByText('You are not in this conversation. Your reply was not sent.'),
    ).toBeVisible();
    await expect(dialog.getByText('· I am late')).toBeVisible();
    await dialog.getByRole('button', { name: /^Ada/ }).click();
    await expect(dialog).toBeHidden();
    const composer = page.getByRole('textbox', { name: 'Message to Ada' });
    await expect(composer).toHaveValue('· I am late');
    await gone();
  });
});
