import { expect, expectAccessible, room, test } from '../support/views';

test('a link is shown with what its page says, before it is sent and after', async ({ page, open }) => {
  await open('links', room(1));
  const timeline = page.getByRole('list', { name: 'Messages' });
  await expect(
    timeline.getByRole('link', { name: 'Link: High water at ten past noon, tides.example' }),
  ).toHaveAttribute('href', 'https://tides.example/today');
  // Its picture is in the preview: nobody is asked for it.
  const drawn = timeline.getByRole('link', { name: /^Link: High water/ }).locator('img');
  await expect(drawn).toHaveJSProperty('naturalWidth', 96);
  await expect(drawn).toHaveAttribute('src', /^data:image\/jpeg;base64,/);
  await expectAccessible(page);

  const field = page.getByRole('textbox', { name: /^Message to/ });
  const asked = page.getByRole('link', { name: 'Link: Rowing club, club.example' });
  const shownBefore = await asked.count();
  await field.fill('Come: https://club.example/');
  await expect(asked).toHaveCount(shownBefore + 1);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Send without the preview' }).click();
  await expect(asked).toHaveCount(shownBefore);
  await field.fill('Nothing: https://nothing.example/ at all');
  await field.fill('Look: https://tides.example/today');
  await expect(page.getByRole('button', { name: 'Send without the preview' })).toBeVisible();
  await field.press('Enter');
  const sent = timeline.getByRole('listitem', { name: /Look:/ });
  await expect(sent.getByRole('link', { name: /High water/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send without the preview' })).toHaveCount(0);
});

test('in an encrypted conversation the server is asked for a preview when the person says so', async ({
  page,
  open,
}) => {
  await open('encrypted', room(9));
  const field = page.getByRole('textbox', { name: /^Message to/ });
  const asked = () =>
    page.evaluate(() => (window.pipit?.commands ?? []).filter(({ type }) => type === 'find_preview').length);
  await field.fill('Come: https://club.example/');
  const offer = page.getByRole('status').filter({ hasText: 'your server has to fetch the page' });
  await expect(offer).toBeVisible();
  await expectAccessible(page);
  expect(await asked()).toBe(0);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(offer).toBeHidden();
  await field.fill('Look: https://tides.example/today');
  await page.getByRole('button', { name: 'Show a preview' }).click();
  await expect(page.getByRole('link', { name: /^Link: High water/ })).toBeVisible();
  expect(await asked()).toBe(1);
});
