import { expect, test } from '../support/app';

test('two people edit, react, pin and delete, and find it so after a reload', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('tide at six');
  await ada.write('bring a herring');
  await ben.openConversation('Ada');
  await expect(ben.line('bring a herring')).toBeVisible();

  await test.step('an edit is seen by both, with what was said before', async () => {
    await ada.choose(ada.line('tide at six'), 'Edit');
    await ada.composer.fill('tide at seven');
    await ada.composer.press('Enter');
    for (const someone of [ada, ben]) {
      await expect(someone.line('tide at seven')).toContainText('edited');
      await expect(someone.line('tide at six')).toBeHidden();
    }
    await ben
      .line('tide at seven')
      .getByRole('button', { name: /^edited/ })
      .click();
    const said = ben.page.getByRole('dialog', { name: 'What it said before' }).getByRole('listitem');
    await expect(said).toContainText(['tide at seven', 'tide at six']);
    await ben.closeDialog();
  });

  await test.step('a reaction is seen by both', async () => {
    const menu = await ben.menuOf(ben.line('tide at seven'));
    await menu.getByRole('menuitemcheckbox', { name: '👍' }).click();
    const theirs = ada.line('tide at seven').getByRole('button', { name: /^👍/ });
    await expect(theirs).toHaveAccessibleName('👍, 1 person: Ben; press to react, too');
  });

  await test.step('who wrote it sees who has read it', async () => {
    await ada.choose(ada.line('tide at seven'), 'Who has read it');
    const dialog = ada.page.getByRole('dialog', { name: 'Who has read it' });
    await expect(dialog.getByRole('region', { name: 'Read by' })).toContainText('Ben');
    await ada.closeDialog();
  });

  await test.step('a pin stands above the timeline of both', async () => {
    await ben.choose(ben.line('tide at seven'), 'Pin for everyone');
    for (const someone of [ada, ben]) {
      await expect(someone.page.getByRole('region', { name: 'Pinned messages' })).toContainText(
        'tide at seven',
      );
    }
  });

  await test.step('a deletion leaves a tombstone for both', async () => {
    await ada.choose(ada.line('bring a herring'), 'Delete for everyone');
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
