import { pusher } from '../support/pusher';
import { expect, serve, test } from './harness';

const conversation = '01999999-0000-7000-8000-000000000001';

test('what is pushed to the browser is shown, once for a conversation, and cleared', async ({
  app,
  context,
  page,
}) => {
  const site = await serve(app);
  const origin = new URL(site.address).origin;
  await context.grantPermissions(['notifications'], { origin });
  await page.goto(site.address);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const deliver = await pusher(context, origin);
  const push = (data: object) => deliver(JSON.stringify(data));
  const message = (seq: number, text: string) => ({
    type: 'message',
    conversation,
    seq,
    message: `01999999-0000-7000-8000-00000000010${seq}`,
    at: 1_790_000_000_000,
    kind: 'direct',
    sender: 'Ada',
    text,
    mention: false,
  });
  const shown = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const notifications = await registration.getNotifications();
      return notifications.map(({ title, body, tag }) => ({ title, body, tag }));
    });
  await push(message(2, 'Are you there?'));
  await push(message(3, 'It rains'));
  const entry = { title: 'Ada', body: 'Are you there?\nIt rains', tag: conversation };
  await expect.poll(shown).toEqual([entry]);
  // What is older changes nothing, and neither does what was read before.
  await push(message(1, 'Late'));
  await push({ type: 'read', conversation, seq: 2 });
  await push({ type: 'request', conversation: conversation.replace(/1$/, '2'), seq: 1 });
  await expect.poll(async () => (await shown()).length).toBe(2);
  expect(await shown()).toContainEqual(entry);
  // What is said differently or is gone changes where it is shown, and is not shown where it comes too late.
  await push({ type: 'edited', conversation, seq: 3, text: 'It pours' });
  await expect.poll(shown).toContainEqual({ ...entry, body: 'Are you there?\nIt pours' });
  await push({ type: 'gone', conversation, seq: 2 });
  await expect.poll(shown).toContainEqual({ ...entry, body: 'It pours' });
  await push({ type: 'gone', conversation, seq: 4 });
  await push(message(4, 'Oh no'));
  await push({ type: 'edited', conversation, seq: 5, text: 'The sun' });
  await push(message(5, 'Teh sun'));
  await expect.poll(shown).toContainEqual({ ...entry, body: 'It pours\nThe sun' });
  await push({ type: 'gone', conversation, seq: 5 });
  await expect.poll(shown).toContainEqual({ ...entry, body: 'It pours' });
  await push({ type: 'gone', conversation, seq: 3 });
  await expect.poll(async () => (await shown()).map(({ tag }) => tag)).not.toContain(conversation);
  await push(message(6, 'Dry'));
  await expect.poll(shown).toContainEqual({ ...entry, body: 'Dry' });
  await push({ type: 'read', conversation, seq: 6 });
  await expect.poll(async () => (await shown()).map(({ tag }) => tag)).not.toContain(conversation);
});
