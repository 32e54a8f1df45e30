import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '../support/app';

/** A page on a network that the operator allows, and how often it was asked for. */
async function page(): Promise<{ server: Server; url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.setHeader('content-type', 'text/html');
    response.end('<title>Tides &amp; times</title><meta name="description" content="High water at noon">');
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
    const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
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
    expect(pages.asked(), 'by the server, once').toBe(1);

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
