import { expect, room, test } from '../support/views';

test('one pane at a time: the list, a conversation, and back by the browser', async ({ page, open }) => {
  await open('full');
  await page.getByRole('link', { name: /Mila Novak/ }).tap();
  await expect(page.getByRole('heading', { name: 'Mila Novak' })).toBeFocused();
  await expect(page.getByRole('navigation')).toBeHidden();
  await page.goBack();
  await expect(page.getByRole('link', { name: /Mila Novak/ })).toBeVisible();
  await page.getByRole('link', { name: /Mila Novak/ }).tap();
  await page.getByRole('button', { name: 'Back' }).tap();
  await expect(page.getByRole('link', { name: /Mila Novak/ })).toBeFocused();
  await page.goForward();
  await expect(page.getByRole('heading', { name: 'Mila Novak' })).toBeVisible();
});

test('a link to a conversation leads back to the list, too', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Back' }).tap();
  await expect(page.getByRole('link', { name: /Harbour Rowing Club/ })).toBeVisible();
});

test('everything that is pressed is large enough', async ({ page, open }) => {
  await open('full', room(2));
  await page.getByRole('button', { name: 'Details' }).tap();
  await expect(page.getByText('Robin Aaltonen (you)')).toBeVisible();
  const small = await page.evaluate(() =>
    Array.from(document.querySelectorAll('button, a[href], select'))
      .filter((element) => element.checkVisibility())
      .map((element) => ({
        name: element.getAttribute('aria-label') ?? element.textContent,
        box: element.getBoundingClientRect(),
      }))
      .filter(({ box }) => box.width < 40 || box.height < 40)
      .map(({ name, box }) => `${name}: ${box.width} x ${box.height}`),
  );
  expect(small).toEqual([]);
});
