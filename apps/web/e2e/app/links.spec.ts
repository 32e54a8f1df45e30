import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '../support/app';
import { noise } from '../support/picture';

/** A page with a picture on a network that the operator allows, and how often they were asked for. */
async function page(): Promise<{ server: Server; url: string; asked: () => number }> {
  let asked = 0;
  const picture = noise(600, 400, {});
  const server = createServer((request, response) => {
    asked += 1;
    response.setHeader('content-type', request.url === '/photo' ? 'image/png' : 'text/html');
    response.end(
      request.url === '/photo'
        ? picture
        : '<title>Tides &amp; times</title><meta name="description" content="High water at noon">' +
            '<meta property="og:image" content="/photo">',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.2:${port}/tides`, asked: () => asked };
}

test.use({ serverOptions: ['--previews-enabled', 'true', '--outgoing-networks', '127.0.0.2/32'] });

test('a link is sent with what its page says, and read without asking the page', async ({ person }) => {
  test.setTimeout(120_000);
  const pages = await page();
  try {
    const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
    await ada.setUp('Harbour');
    await ben.join(await ada.invite(), 'Ada');
    await ada.startChat('Ben');
    await ada.composer.fill(`look: ${pages.url}`);
    await expect(ada.page.getByRole('link', { name: 'Link: Tides & times, 127.0.0.2' })).toBeVisible();
    await ada.composer.press('Enter');
    await ben.openConversation('Ada');
    const card = ben.line('look:').getByRole('link', { name: 'Link: Tides & times, 127.0.0.2' });
    await expect(card).toContainText('High water at noon');
    await expect(card).toHaveAttribute('href', pages.url);
    await expect(card.locator('img')).toHaveJSProperty('naturalWidth', 96);
    expect(pages.asked(), 'by the server, once, and once for the picture').toBe(2);

    // Taken off, it does not go along.
    await ada.composer.fill(`again: ${pages.url}`);
    await ada.page.getByRole('button', { name: 'Send without the preview' }).click();
    await ada.composer.press('Enter');
    await expect(ben.line('again:')).toBeVisible();
    await expect(ben.line('again:').getByRole('link', { name: /^Link:/ })).toHaveCount(0);
  } finally {
    pages.server.close();
  }
});

test('in an encrypted conversation a preview is sealed, once its sender has asked for it', async ({
  server,
  person,
}) => {
  test.setTimeout(120_000);
  const pages = await page();
  try {
    const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
    await ada.setUp('Harbour');
    await ben.join(await ada.invite(), 'Ada');
    await ada.startChat('Ben', { encrypted: true });
    await ada.write('· hello');
    await ben.openConversation('Ada');
    await expect(ben.line('· hello')).toBeVisible();
    await ada.composer.fill(`look: ${pages.url}`);
    await ada.page.getByRole('button', { name: 'Show a preview' }).click();
    await expect(ada.page.getByRole('link', { name: 'Link: Tides & times, 127.0.0.2' })).toBeVisible();
    await ada.composer.press('Enter');
    const card = ben.line('look:').getByRole('link', { name: 'Link: Tides & times, 127.0.0.2' });
    await expect(card).toContainText('High water at noon');
    await expect(card.locator('img')).toHaveJSProperty('naturalWidth', 96);
    expect(server.keeps('High water at noon')).toBe(false);
    // Another one is sent without: nobody is asked.
    await ada.composer.fill(`again: ${pages.url}?again`);
    await ada.composer.press('Enter');
    await expect(ben.line('again:')).toBeVisible();
    expect(pages.asked()).toBe(2);
  } finally {
    pages.server.close();
  }
});
