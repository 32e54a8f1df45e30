import { expect, test, type Person } from '../support/app';

const way = (who: Person) => who.page.getByRole('button', { name: /Message requests/ });
const answers = (who: Person) => who.page.getByRole('region', { name: /wants to write to you/ });

test('strangers ask before they learn anything', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben, cem] = await Promise.all([person('Ada'), person('Ben', { phone: true }), person('Cem')]);
  await ada.setUp('Harbour');
  const link = await ada.invite();
  await ben.join(link, 'Ada');
  await cem.join(link, 'Ada');

  await test.step('a first message waits apart, and is not shown', async () => {
    await cem.startChat('Ben');
    await cem.write('· Do you row?');
    await expect(way(ben)).toContainText('1');
    await expect(ben.listed('Cem')).toHaveCount(0);
    await way(ben).click();
    await expect(ben.listed('Cem')).toContainText('Wants to write to you');
    await expect(ben.listed('Cem')).not.toContainText('row');
  });

  await test.step('it is read without anybody learning of it', async () => {
    await ben.listed('Cem').click();
    await expect(answers(ben)).toContainText('Cem wants to write to you');
    await expect(ben.line('· Do you row?')).toBeVisible();
    await expect(ben.composer).toHaveCount(0);
    // What Cem writes now has come to the open conversation, and still nothing comes back.
    await cem.write('· On Thursdays?');
    await expect(ben.line('· On Thursdays?')).toBeVisible();
    await cem.expectState('· On Thursdays?', 'Sent');
    await expect(cem.status).toHaveText('');
  });

  await test.step('accepted, it is a conversation like any other', async () => {
    await answers(ben).getByRole('button', { name: 'Accept' }).click();
    await expect(answers(ben)).toHaveCount(0);
    await cem.expectState('· On Thursdays?', 'Read');
    await expect(cem.status).toHaveText('Online');
    await ben.write('· Always');
    await expect(cem.line('· Always')).toBeVisible();
  });
});
