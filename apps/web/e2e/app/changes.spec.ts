import type { Locator } from '@playwright/test';

import { expect, test, type Person } from '../support/app';

/** Opens the menu of a message and chooses from it. */
async function choose(person: Person, line: Locator, action: string): Promise<void> {
  await line.locator('.text').first().click({ button: 'right' });
  await person.page
    .getByRole('menu', { name: 'Actions for this message' })
    .getByRole('menuitem', { name: action, exact: true })
    .click();
}

test('two people edit, react, pin and delete, and find it so after a reload', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('tide at six');
  await ada.write('bring a herring');
  await ben.openConversation('Ada');
  await expect(ben.line('bring a herring')).toBeVisible();

  await test.step('an edit is seen by both, with what was said before', async () => {
    await choose(ada, ada.line('tide at six'), 'Edit');
    await ada.composer.fill('tide at seven');
    await ada.composer.press('Enter');
    for (const someone of [ada, ben]) {
      await expect(someone.line('tide at seven')).toContainText('edited');
      await expect(someone.line('tide at six')).toBeHidden();
    }
  });

  await test.step('a reaction is seen by both', async () => {
    await ben.line('tide at seven').locator('.text').first().click({ button: 'right' });
    await ben.page.getByRole('menuitemcheckbox', { name: '👍' }).click();
    const theirs = ada.line('tide at seven').getByRole('button', { name: /^👍/ });
    await expect(theirs).toHaveAccessibleName('👍, 1 person: Ben; press to react, too');
  });

  await test.step('a pin stands above the timeline of both', async () => {
    await choose(ben, ben.line('tide at seven'), 'Pin for everyone');
    for (const someone of [ada, ben]) {
      await expect(someone.page.getByRole('region', { name: 'Pinned messages' })).toContainText(
        'tide at seven',
      );
    }
  });

  await test.step('a deletion leaves a tombstone for both', async () => {
    await choose(ada, ada.line('bring a herring'), 'Delete for everyone');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await expect(ada.line('You deleted this message')).toBeVisible();
    await expect(ben.line('This message was deleted')).toBeVisible();
    await expect(ben.page.getByText('bring a herring')).toHaveCount(0);
  });

  await test.step('and all of it is so after a reload', async () => {
    await ben.page.reload();
    const line = ben.line('tide at seven');
    await expect(line).toContainText('edited');
    await expect(line.getByRole('button', { name: /^👍/ })).toHaveAttribute('aria-pressed', 'true');
    await expect(ben.page.getByRole('region', { name: 'Pinned messages' })).toContainText('tide at seven');
    await expect(ben.line('This message was deleted')).toBeVisible();
    await expect(ben.page.getByText('bring a herring')).toHaveCount(0);
  });
});
