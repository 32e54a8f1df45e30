import { expect, test } from '../support/app';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('two people find what was said, go there; offline, what is here', async ({ person }) => {
  test.setTimeout(240_000);
  const ada = await person('Ada');
  const ben = await person('Ben');
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ben.startChat('Ada');
  await ben.write('· The needle is here');
  for (let number = 1; number <= 12; number += 1) await ben.write(`· Hay ${number}`);
  await ben.expectState('· Hay 12', 'Delivered');

  const field = ada.page.getByRole('searchbox', { name: 'Search', exact: true });
  const found = ada.page.getByRole('region', { name: 'Messages', exact: true }).getByRole('link');

  await test.step('a message is found by the beginning of a word, and opened', async () => {
    await field.fill('need');
    await expect(found).toHaveCount(1);
    await expect(found).toContainText('The needle is here');
    await expect(found.locator('mark')).toHaveText('needle');
    await found.click();
    await expect(ada.line('· The needle is here')).toBeVisible();
  });

  await test.step('people and conversations are found by name', async () => {
    await field.fill('ben');
    await expect(ada.page.getByRole('region', { name: 'People', exact: true })).toContainText('Ben');
    await expect(ada.page.getByRole('region', { name: 'Conversations', exact: true })).toContainText('Ben');
  });

  await test.step('without a line the device answers, and says so', async () => {
    await ada.context.setOffline(true);
    await expect(ada.page.getByText(/You are offline/).first()).toBeVisible();
    await field.fill('needle');
    await expect(ada.page.getByText('this is only what is on this device')).toBeVisible();
    await expect(found).toHaveCount(1);
    await ada.context.setOffline(false);
  });
});
