import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, Person, test as base } from '../support/app';
import { noise } from '../support/picture';

/** Somebody whose browser keeps things on a disk: in private windows there is always room. */
const test = base.extend<{ kept: (name: string) => Promise<Person> }>({
  kept: async ({ browser, launchOptions, contextOptions, viewport, locale, server }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'pipit-profile-'));
    const context = await browser
      .browserType()
      .launchPersistentContext(folder, { ...launchOptions, ...contextOptions, viewport, locale });
    await use((name) => Promise.resolve(new Person(name, context, server)));
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  },
});

test('a device without room says so, what was written stays, and is kept as soon as there is room', async ({
  kept,
  person,
}) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([kept('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· Hello');
  await ada.menu('New conversation', 'Notes to self');
  await expect(ada.page.getByRole('heading', { name: 'Notes to self' })).toBeVisible();
  await ada.write('· Before');
  await ada.expectState('· Before', 'Sent');
  const origin = new URL(ada.server.address).origin;
  const session = await ada.context.newCDPSession(ada.page);
  const warning = ada.page.getByText(/^This device cannot save data right now/);
  const long = `· A letter ${'to somebody far away '.repeat(1_400)}`.trim();

  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 0 });

  await test.step('a file is not taken', async () => {
    const file = { name: 'sea.png', mimeType: 'image/png', buffer: noise(1_000, 800, {}) };
    await ada.page.getByTestId('attach').setInputFiles(file);
    await ada.composer.press('Enter');
    await expect(ada.page.getByText('This device has no space left to keep the file')).toBeVisible();
    await ada.page.getByRole('button', { name: 'Remove sea.png' }).click();
  });

  let letters = 0;
  await test.step('nor, before long, are messages: they are in the field again', async () => {
    // The browser has granted the store a megabyte or two already.
    const refused = ada.page.getByText('This device cannot save data. Free some space');
    do {
      letters += 1;
      await ada.composer.fill(`${letters} ${long}`);
      await ada.composer.press('Enter');
      await expect(ada.line(`${letters} · A letter`).or(refused).first()).toBeVisible();
    } while (!(await refused.isVisible()));
    await expect(warning).toBeVisible();
    await expect(ada.composer).toHaveValue(`${letters} ${long}`);
  });

  await test.step('it is there after another conversation was looked at', async () => {
    await ada.openConversation('Ben');
    await expect(ada.composer).toHaveValue('');
    await ada.openConversation('Notes to self');
    await expect(ada.composer).toHaveValue(`${letters} ${long}`);
  });

  await test.step('everything goes on by itself once there is room', async () => {
    await ben.openConversation('Ada');
    await ben.write('· Are you there?');
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await expect(warning).toBeHidden({ timeout: 45_000 });
    await expect(ada.listed('Ben')).toContainText('· Are you there?');
    await expect(ada.composer).toHaveValue(`${letters} ${long}`);
  });

  await test.step('what was written is kept now, and sent', async () => {
    await ada.page.reload();
    await expect(ada.composer).toHaveValue(`${letters} ${long}`);
    await ada.composer.press('Enter');
    await ada.expectState(`${letters} · A letter`, 'Sent');
  });
});
