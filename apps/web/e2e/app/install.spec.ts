import { expect, test } from '../support/app';

interface Manifest {
  icons: { src: string; sizes: string; type: string }[];
  shortcuts: { url: string }[];
}

/** Width and height of a PNG: its header has them. <https://www.w3.org/TR/png-3/#11IHDR> */
function sizeOf(png: Buffer): string {
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  return `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;
}

test(
  'the app can be installed: the browser finds nothing that is missing',
  { tag: '@chromium' },
  async ({ person }) => {
    const ada = await person('Ada');
    await ada.setUp('Harbour');
    const session = await ada.context.newCDPSession(ada.page);
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    // Test windows are private ones, which never install.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual(
      [],
    );
    const answer = await fetch(new URL('/manifest.webmanifest', ada.server.address));
    expect(answer.headers.get('content-type')).toBe('application/manifest+json');
    const manifest = (await answer.json()) as Manifest;
    expect(manifest.icons.length).toBe(3);
    for (const { src, sizes } of manifest.icons) {
      const icon = await fetch(new URL(src, ada.server.address));
      expect(sizeOf(Buffer.from(await icon.arrayBuffer())), src).toBe(sizes);
    }
    expect(manifest.shortcuts.map(({ url }) => url)).toContain('/?open=notes');
  },
);

test('the app is opened by its shortcuts, and shared to', async ({ person }) => {
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· Hello');

  await test.step('a shortcut opens what it says, once', async () => {
    await ada.page.goto(new URL('/?open=new-group', ada.server.address).href);
    await expect(ada.page.getByRole('dialog', { name: 'New group' })).toBeVisible();
    await ada.page.reload();
    await expect(ada.listed('Ben')).toBeVisible();
    await expect(ada.page.getByRole('dialog')).toBeHidden();
    await ada.page.goto(new URL('/?open=notes', ada.server.address).href);
    await expect(ada.page.getByRole('heading', { name: 'Notes to self' })).toBeVisible();
  });

  await test.step('what another app shares goes to whom one chooses', async () => {
    await ada.page.evaluate(() => navigator.serviceWorker.ready);
    await expect.poll(() => ada.page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    // What the system does with the manifest's `share_target`; a form of our own pages may go nowhere.
    const answered = await ada.page.evaluate(async () => {
      const form = new FormData();
      form.set('title', '· Birds');
      form.set('text', '· Look at this: https://birds.example/');
      form.set('url', 'https://birds.example/');
      form.append('files', new File(['seen: 3 pipits'], 'birds.txt', { type: 'text/plain' }));
      return (await fetch('/share', { method: 'POST', body: form, redirect: 'manual' })).type;
    });
    expect(answered).toBe('opaqueredirect');
    await ada.page.goto(new URL('/?open=share', ada.server.address).href);
    const dialog = ada.page.getByRole('dialog', { name: 'Share with' });
    await expect(dialog.getByText('1 file')).toBeVisible();
    await dialog.getByRole('button', { name: 'Ben' }).click();
    await expect(ada.composer).toHaveValue('· Birds\n· Look at this: https://birds.example/');
    await expect(ada.page.getByRole('list', { name: 'Attached files' })).toContainText('birds.txt');
    await ada.composer.press('Enter');
    await ben.openConversation('Ada');
    await expect(ben.line('· Birds')).toContainText('birds.txt');
    // It was picked up: nothing of it is left.
    expect(await ada.page.evaluate(() => caches.has('pipit-shared'))).toBe(false);
  });
});
