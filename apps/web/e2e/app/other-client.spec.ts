import { OtherClient } from '../support/other-client';
import { expect, test } from '../support/app';

test('somebody with a client of another make, on another implementation of MLS, is in an encrypted conversation', async ({
  person,
}) => {
  test.setTimeout(120_000);
  const ada = await person('Ada');
  await ada.setUp('Harbour');
  const tess = await OtherClient.join(await ada.invite(), 'Tess');

  await test.step('they are taken into the group, and read what is said', async () => {
    await ada.startChat('Tess', { encrypted: true });
    await ada.write('· Hello from one make');
    await expect.poll(() => tess.enter(), { timeout: 30_000 }).toBe(true);
    await expect
      .poll(async () => (await tess.read()).map(({ body }) => body['content']))
      .toEqual([{ kind: 'plain', text: '· Hello from one make' }]);
  });

  await test.step('what they seal is read, also as an answer, an edit and a reaction', async () => {
    const [hello] = await tess.read();
    const content = (text: string) => ({ kind: 'plain', text });
    const id = await tess.say({
      type: 'message',
      content: content('· Hello from anoter'),
      reply_to: hello?.id,
    });
    await expect(ada.line('· Hello from anoter')).toContainText('· Hello from one make');
    const edit = { kind: 'edit', content: content('· Hello from another') };
    await tess.say({ type: 'message_changed', message: id, change: edit });
    await expect(ada.line('· Hello from another')).toContainText('edited');
    const react = { kind: 'react', emoji: '👋', on: true };
    await tess.say({ type: 'message_changed', message: hello?.id, change: react });
    await expect(ada.line('· Hello from one make').first()).toContainText('👋');
  });
  tess.close();
});
