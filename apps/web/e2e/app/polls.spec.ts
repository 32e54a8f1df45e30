import { expect, test } from '../support/app';

test('two people vote in a poll, openly and anonymously, until it ends', async ({ person }) => {
  test.setTimeout(240_000);
  const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('a question follows');
  await ben.openConversation('Ada');

  async function ask(question: string, anonymous: boolean): Promise<void> {
    await ada.page.getByRole('button', { name: 'Add', exact: true }).click();
    await ada.page.getByRole('menuitem', { name: 'Poll' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'New poll' });
    await dialog.getByLabel('Question').fill(question);
    await dialog.getByLabel('Option 1', { exact: true }).fill('Harbour wall');
    await dialog.getByLabel('Option 2', { exact: true }).fill('Lighthouse');
    if (anonymous) await dialog.getByLabel('Anonymous').check();
    await dialog.getByRole('button', { name: 'Ask' }).click();
    await expect(dialog).toBeHidden();
  }

  await test.step('a vote is seen by both, with who gave it', async () => {
    await ask('Where do we meet?', false);
    const theirs = ben.line('Where do we meet?');
    await theirs.getByRole('radio', { name: /^Lighthouse/ }).click();
    for (const someone of [ada, ben]) {
      await expect(
        someone.line('Where do we meet?').getByRole('radio', { name: 'Lighthouse, 1 vote, 100 %' }),
      ).toBeVisible();
    }
    await expect(theirs.getByRole('radio', { name: /^Lighthouse/ })).toBeChecked();
    await ada.line('Where do we meet?').getByRole('button', { name: 'Who voted' }).click();
    const dialog = ada.page.getByRole('dialog');
    await expect(dialog.getByRole('region', { name: 'Lighthouse' })).toContainText('Ben');
    await dialog.getByRole('button', { name: 'Close' }).click();
  });

  await test.step('a vote that is changed offline is counted once when the line is back', async () => {
    const theirs = ben.line('Where do we meet?');
    await ben.page.context().setOffline(true);
    await theirs.getByRole('radio', { name: /^Harbour wall/ }).click();
    await expect(theirs.getByRole('radio', { name: 'Harbour wall, 1 vote, 100 %' })).toBeChecked();
    await ben.page.context().setOffline(false);
    await expect(
      ada.line('Where do we meet?').getByRole('radio', { name: 'Harbour wall, 1 vote, 100 %' }),
    ).toBeVisible({ timeout: 60_000 });
  });

  await test.step('of an anonymous one nobody is told who voted', async () => {
    await ask('Shall we invite Carl?', true);
    await ben
      .line('Shall we invite Carl?')
      .getByRole('radio', { name: /^Harbour wall/ })
      .click();
    const hers = ada.line('Shall we invite Carl?');
    await expect(hers.getByRole('radio', { name: 'Harbour wall, 1 vote, 100 %' })).toBeVisible();
    await expect(hers.getByRole('button', { name: 'Who voted' })).toHaveCount(0);
  });

  await test.step('it ends, and is so after a reload', async () => {
    await ada.choose(ada.line('Where do we meet?'), 'End poll');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'End poll' }).click();
    await expect(ben.line('Where do we meet?')).toContainText('closed');
    await ben.page.reload();
    const theirs = ben.line('Where do we meet?');
    await expect(theirs).toContainText('closed');
    await expect(theirs.getByRole('radio', { name: 'Harbour wall, 1 vote, 100 %' })).toBeChecked();
    await expect(
      ben.line('Shall we invite Carl?').getByRole('radio', { name: /^Harbour wall/ }),
    ).toBeChecked();
  });
});
