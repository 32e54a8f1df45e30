import { expect, test } from '../support/app';

test('a message is scheduled, seen by its author alone, changed, and sent by the server', async ({
  person,
}) => {
  test.setTimeout(240_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('more of it tomorrow');
  await ben.openConversation('Ada');
  await expect(ben.line('more of it tomorrow')).toBeVisible();
  const line = ada.page.getByRole('button', { name: '1 scheduled message' });

  await test.step('from the button that sends, with the right button', async () => {
    await ada.composer.fill('good morning');
    await ada.page.getByRole('button', { name: 'Send', exact: true }).click({ button: 'right' });
    const dialog = ada.page.getByRole('dialog', { name: 'Send later' });
    await dialog.getByRole('radio', { name: /Tomorrow morning/ }).check();
    await dialog.getByRole('button', { name: 'Schedule' }).click();
    await expect(line).toBeVisible();
    await expect(ada.composer).toHaveValue('');
  });

  await test.step('it is there after a reload, and for nobody else', async () => {
    await ada.page.reload();
    await expect(line).toBeVisible();
    await expect(ben.page.getByText('good morning')).toHaveCount(0);
    await expect(ben.page.getByRole('button', { name: /scheduled message/ })).toHaveCount(0);
  });

  await test.step('changed without a line, it is sent by the server when that is back', async () => {
    await ada.page.context().setOffline(true);
    await line.click();
    const list = ada.page.getByRole('dialog', { name: 'Scheduled messages' });
    await list.getByRole('button', { name: 'Change' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Send later' });
    await dialog.getByRole('textbox', { name: 'Message' }).fill('good evening');
    await dialog.getByRole('button', { name: 'Schedule' }).click();
    await list.getByRole('button', { name: 'Send now' }).click();
    await ada.page.context().setOffline(false);
    await expect(ben.line('good evening')).toBeVisible({ timeout: 60_000 });
    await expect(ben.page.getByText('good morning')).toHaveCount(0);
    await expect(list).toContainText('Nothing is scheduled here.');
    await list.getByRole('button', { name: 'Close' }).click();
    await expect(ada.line('good evening')).toHaveCount(1);
    await expect(line).toBeHidden();
  });
});
