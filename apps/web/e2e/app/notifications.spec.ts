import { expect, test } from '../support/app';
import { pusher } from '../support/pusher';

/** What stands on the screen of the system, as the browser knows it. */
interface Shown {
  title: string;
  body: string;
  tag: string;
}

test('a closed app is told: the browser is asked, and its service worker shows what is pushed', async ({
  person,
}) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· Hello');
  await ben.openConversation('Ada');
  await ben.page.evaluate(() => navigator.serviceWorker.ready);
  const origin = new URL(ben.server.address).origin;
  const conversation = new URL(ben.page.url()).pathname.replace('/c/', '');
  const dialog = ben.page.getByRole('dialog', { name: 'Notifications' });

  await test.step('who has said no is told where to undo that', async () => {
    await ben.menu('Account', 'Notifications');
    await expect(dialog.getByText(/Notifications are off|may show no notifications/)).toBeVisible();
    await ben.page.keyboard.press('Escape');
  });

  await ben.context.grantPermissions(['notifications'], { origin });

  await test.step('turning it on goes as far as there is a push service', async () => {
    await ben.menu('Account', 'Notifications');
    await dialog.getByRole('button', { name: 'Turn on' }).click();
    // A browser of tests has no line to its maker's service.
    await expect(dialog.getByText(/The push service of your browser does not take/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Test my notifications' }).click();
    await expect(dialog.getByRole('status').filter({ hasText: /Notifications are off/ })).toBeVisible();
    await ben.page.keyboard.press('Escape');
  });

  const deliver = await pusher(ben.context, origin);
  const push = (data: object) => deliver(JSON.stringify(data));
  const shown = (): Promise<Shown[]> =>
    ben.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const notifications = await registration.getNotifications();
      return notifications.map(({ title, body, tag }) => ({ title, body, tag }));
    });
  const message = (seq: number, text: string) => ({
    type: 'message',
    conversation,
    seq,
    message: `01999999-0000-7000-8000-00000000000${seq % 10}`,
    at: 1_790_000_000_000,
    kind: 'direct',
    sender: 'Ada',
    text,
    mention: false,
  });

  await test.step('nothing is shown of a conversation on the screen', async () => {
    await push(message(101, 'You see this'));
    await push({ type: 'test' });
    await expect.poll(shown).toMatchObject([{ title: 'Pipit', tag: 'pipit' }]);
  });

  await test.step('a conversation has one notification, with its last messages', async () => {
    await ben.page.goto(origin);
    await expect(ben.listed('Ada')).toBeVisible();
    await push(message(102, 'Are you there?'));
    await push(message(103, 'It rains'));
    const entry = { title: 'Ada', body: 'Are you there?\nIt rains', tag: conversation };
    await expect.poll(shown).toContainEqual(entry);
    await push(message(101, 'Late'));
    await push({ type: 'read', conversation, seq: 102 });
    await expect.poll(shown).toContainEqual(entry);
  });

  await test.step('what was deleted goes, and what was edited says so', async () => {
    await push({ type: 'gone', conversation, seq: 103 });
    await push({ type: 'edited', conversation, seq: 102, text: 'Are you home?' });
    const entry = { title: 'Ada', body: 'Are you home?', tag: conversation };
    await expect.poll(shown).toContainEqual(entry);
  });

  await test.step('what was read elsewhere goes', async () => {
    await push({ type: 'read', conversation, seq: 103 });
    await expect.poll(async () => (await shown()).map(({ tag }) => tag)).not.toContain(conversation);
  });

  await test.step('of a group that is left nothing stays', async () => {
    await ada.makeGroup('Rowing', 'ben');
    await ben.openConversation('Rowing');
    const group = new URL(ben.page.url()).pathname.replace('/c/', '');
    await ben.page.goto(origin);
    await expect(ben.listed('Rowing')).toBeVisible();
    await push({ ...message(900, 'Training at six'), conversation: group, kind: 'group', title: 'Rowing' });
    const tags = async () => (await shown()).map(({ tag }) => tag);
    await expect.poll(tags).toContain(group);
    await ben.openConversation('Rowing');
    const details = await ben.openDetails();
    await details.getByRole('button', { name: 'Leave group' }).click();
    await ben.page.getByRole('alertdialog').getByRole('button', { name: 'Leave group' }).click();
    await expect.poll(tags).not.toContain(group);
  });
});
