import { expect, test } from '../support/app';

const DAY_MS = 24 * 3_600_000;

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('two people find what was said and go there, online and offline', async ({ person }) => {
  test.setTimeout(240_000);
  const ada = await person('Ada', { phone: true });
  const ben = await person('Ben');
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  const began = Date.now();
  await ben.startChat('Ada');
  await ben.write('· The nedle is here');
  // A menu of a message that is still on its way goes when it has arrived.
  await ben.expectState('· The nedle is here', 'Delivered');
  await ben.choose(ben.line('· The nedle is here'), 'Edit');
  await ben.composer.fill('· The needle is here');
  await ben.composer.press('Enter');
  await expect(ben.line('· The needle is here')).toContainText('edited');
  await ben.write('· A needless thing');
  await ben.expectState('· A needless thing', 'Delivered');
  await ben.choose(ben.line('· A needless thing'), 'Delete for everyone');
  await ben.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(ben.line('You deleted this message')).toBeVisible();
  for (let number = 1; number <= 30; number += 1) await ben.write(`· Hay ${number}`);
  await ben.expectState('· Hay 30', 'Delivered');

  const field = ada.page.getByRole('searchbox', { name: 'Search', exact: true });
  const found = ada.page.getByRole('region', { name: 'Messages', exact: true }).getByRole('link');
  const nothing = ada.page.getByRole('status').filter({ hasText: 'Nothing was found.' });
  await ada.openConversation('Ben');
  await ada.write('· Where was it?');
  await expect(ada.line('· The needle is here')).not.toBeInViewport();

  await test.step('a message is found by what it says now, and opened at its place', async () => {
    await ada.toList();
    await field.fill('need');
    await expect(found).toHaveCount(1);
    await expect(found).toContainText('The needle is here');
    await expect(found.locator('mark')).toHaveText('needle');
    await found.click();
    await expect(ada.line('· The needle is here')).toBeInViewport();
    await expect(ada.line('· The needle is here')).toBeFocused();
  });

  await test.step('not by what it said before, nor is what was deleted', async () => {
    await ada.toList();
    await field.fill('nedle');
    await expect(nothing).toBeAttached();
    await field.fill('needless');
    await expect(nothing).toBeAttached();
  });

  await test.step('people and conversations are found by name, messages by operators', async () => {
    await field.fill('ben');
    await expect(ada.page.getByRole('region', { name: 'People', exact: true })).toContainText('Ben');
    await expect(ada.page.getByRole('region', { name: 'Conversations', exact: true })).toContainText('Ben');
    await field.fill('from:ben in:ben "hay 7"');
    await expect(found).toHaveCount(1);
    await field.fill('from:me hay');
    await expect(nothing).toBeAttached();
  });

  await test.step('a date leads to what was said from that day on', async () => {
    /** As a field for dates has it. */
    const dayOf = (time: number) =>
      ada.page.evaluate((time) => new Date(time).toLocaleDateString('sv'), time);
    const dialog = ada.page.getByRole('dialog', { name: 'Jump to a date' });
    const jump = async (time: number): Promise<void> => {
      await dialog.getByLabel('Day').fill(await dayOf(time));
      await dialog.getByRole('button', { name: 'Jump' }).click();
    };
    await field.fill('');
    await ada.openConversation('Ben');
    await expect(ada.line('· Where was it?')).toBeInViewport();
    await expect(ada.line('· The needle is here')).not.toBeInViewport();
    await ada.page.getByRole('button', { name: 'Search in this conversation' }).click();
    await ada.page.getByRole('button', { name: 'Jump to a date' }).click();
    // Everything here was said today, unless a day has just ended.
    await jump(began + 3 * DAY_MS);
    await expect(dialog.getByText('Choose a day that is not in the future.')).toBeVisible();
    await jump(began);
    await expect(dialog).toBeHidden();
    await expect(ada.line('· The needle is here')).toBeInViewport();
    await expect(ada.line('· Where was it?')).not.toBeInViewport();
    await ada.page.getByRole('button', { name: 'Close search' }).click();
    await ada.toList();
  });

  await test.step('without a line the device answers the same, and says so', async () => {
    await ada.context.setOffline(true);
    await expect(ada.page.getByText(/You are offline/).first()).toBeVisible();
    for (const gone of ['nedle', 'needless']) {
      await field.fill(gone);
      await expect(nothing).toBeAttached();
    }
    await field.fill('needle');
    await expect(ada.page.getByText('this is only what is on this device')).toBeVisible();
    await expect(found).toHaveCount(1);
    await found.click();
    await expect(ada.line('· The needle is here')).toBeFocused();
    await ada.context.setOffline(false);
  });
});
