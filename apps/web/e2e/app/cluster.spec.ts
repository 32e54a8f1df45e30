import { expect, test } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('two people chat over three nodes, which are killed and restarted under them', async ({
  cluster,
  clusterPerson,
}) => {
  test.setTimeout(240_000);
  const ada = await clusterPerson('Ada');
  const ben = await clusterPerson('Ben');

  await test.step('accounts are made through the balancer, on whichever node', async () => {
    await ada.setUp('Harbour');
    await ben.join(await ada.invite(), 'Ada');
    await expect.poll(() => cluster.lines.filter((lines) => lines > 0).length).toBe(2);
  });

  await test.step('what one node takes in, the other shows: messages, receipts, typing, presence', async () => {
    await ben.startChat('Ada');
    await ben.write('· From the other node');
    await ben.expectState('· From the other node', 'Delivered');
    await ada.openConversation('Ben');
    await ben.expectState('· From the other node', 'Read');
    await expect(ada.status).toHaveText('Online');
    await expect(ben.status).toHaveText('Online');
    await ada.composer.pressSequentially('· Hel');
    await expect(ben.status).toHaveText('Ada is typing…');
    await ada.composer.fill('');
    await ada.write('· Hello Ben');
    await ada.expectState('· Hello Ben', 'Read');
  });

  const all = ['· From the other node', '· Hello Ben'];

  await test.step('each node is killed in turn: their people go on with another one', async () => {
    for (const [number, node] of cluster.nodes.entries()) {
      await node.kill();
      const text = `· Without node ${number + 1}`;
      await ben.write(text);
      await ben.expectState(text, 'Read');
      all.push(text);
      await node.start();
    }
  });

  await test.step('each node is restarted in good order', async () => {
    for (const [number, node] of cluster.nodes.entries()) {
      await node.stop();
      await node.start();
      const text = `· After restart ${number + 1}`;
      await ada.write(text);
      await ada.expectState(text, 'Read');
      all.push(text);
    }
  });

  for (const someone of [ada, ben]) await expect.poll(() => someone.texts()).toEqual(all);
});
