import { expect, expectAccessible, room, test } from '../support/views';

test('a link is shown with what its page says, before it is sent and after', async ({ page, open }) => {
  await open('links', room(1));
  const timeline = page.getByRole('list', { name: 'Messages' });
  await expect(
    timeline.getByRole('link', { name: 'Link: High water at ten past noon, tides.example' }),
  ).toHaveAttribute('href', 'https://tides.example/today');
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
