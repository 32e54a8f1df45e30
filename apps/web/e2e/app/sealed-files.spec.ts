import type { Locator } from '@playwright/test';

import { expect, test, type Person } from '../support/app';
import { noise } from '../support/picture';
import { tone } from '../support/sound';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

async function choose(person: Person, line: Locator, action: string): Promise<void> {
  await line.locator('.text').first().click({ button: 'right' });
  await person.page
    .getByRole('menu', { name: 'Actions for this message' })
    .getByRole('menuitem', { name: action, exact: true })
    .click();
}

async function attach(person: Person, name: string, mimeType: string, buffer: Buffer): Promise<void> {
  await person.page.getByTestId('attach').setInputFiles({ name, mimeType, buffer });
}

/** Two people in an encrypted conversation. */
async function inPrivate(person: (name: string) => Promise<Person>): Promise<[Person, Person]> {
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben', { encrypted: true });
  await ada.write('· hello');
  await ben.openConversation('Ada');
  await expect(ben.line('· hello')).toBeVisible();
  return [ada, ben];
}

test('files in an encrypted conversation: seen by both, and the server has nothing of what they are', async ({
  server,
  person,
}) => {
  test.setTimeout(120_000);
  const [ada, ben] = await inPrivate(person);
  const letter = Buffer.from('saffron under the third stair, '.repeat(40_000));

  await test.step('a picture comes with its words, small and large, and without what it says of its maker', async () => {
    const photo = noise(900, 700, { Comment: 'taken at quince harbour' });
    await attach(ada, 'lake-marzipan.png', 'image/png', photo);
    await ada.page.getByLabel('Caption of lake-marzipan.png').fill('The lake in cardamom light');
    await ada.composer.fill('· look');
    await ada.composer.press('Enter');
    await ada.expectState('· look', 'Read');
    const real = ben.line('· look').locator('img.real');
    await expect(real).toHaveAttribute('src', /^blob:/);
    await expect.poll(() => real.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(640);
    await ben.page.getByRole('button', { name: 'Open: The lake in cardamom light' }).click();
    const viewer = ben.page.getByRole('dialog', { name: 'The lake in cardamom light' });
    const large = viewer.locator('img.real');
    await expect.poll(() => large.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(900);
    const button = viewer.getByRole('button', { name: 'Download lake-marzipan.png' });
    const saved = await ben.save('lake-marzipan.png', button);
    expect(photo.includes('quince harbour')).toBe(true);
    expect(saved.includes('quince harbour')).toBe(false);
    await ben.page.keyboard.press('Escape');
    await expect(ada.listed('Ben')).toContainText('Photo: The lake in cardamom light · · look');
  });

  await test.step('any file comes whole, and is found by its kind', async () => {
    await attach(ada, 'nutmeg-letter.txt', 'text/plain', letter);
    await ada.composer.fill('· read this');
    await ada.composer.press('Enter');
    await expect(ben.line('· read this')).toContainText('nutmeg-letter.txt');
    const button = ben.page.getByRole('button', { name: 'Download nutmeg-letter.txt' });
    expect((await ben.save('nutmeg-letter.txt', button)).equals(letter)).toBe(true);
  });

  await test.step('it is forwarded to encrypted conversations alone, without being sent again', async () => {
    await choose(ben, ben.line('· read this'), 'Forward');
    const dialog = ben.page.getByRole('dialog', { name: 'Forward the message' });
    await expect(dialog.getByText('can be forwarded to encrypted conversations only')).toBeVisible();
    await dialog.getByRole('checkbox', { name: /Ada/ }).check();
    await dialog.getByRole('button', { name: 'Forward to 1 conversation' }).click();
    await expect(ada.page.getByRole('button', { name: 'Download nutmeg-letter.txt' })).toHaveCount(2);
  });

  await test.step('what was changed on the server is not shown', async () => {
    expect(server.spoil(({ length }) => length > 1_000_000 && length < 2_000_000)).toBe(1);
    // Ben's browser has it still; Ada's has never fetched what she has sent.
    await ada.page.reload();
    await ada.page.getByRole('button', { name: 'Download nutmeg-letter.txt' }).first().click();
    await expect(ada.page.getByText('This file was changed on its way').first()).toBeVisible();
  });

  await test.step('the server’s folder has neither names nor words nor bytes of it', async () => {
    await server.stop();
    for (const word of [
      'marzipan',
      'cardamom',
      'nutmeg',
      'saffron under',
      'quince',
      'text/plain',
      'image/png',
    ])
      expect(server.keeps(word), word).toBe(false);
  });
});

test(
  'what plays is fetched and opened as it plays, from any place on',
  { tag: '@sound' },
  async ({ person }) => {
    test.setTimeout(120_000);
    const [ada, ben] = await inPrivate(person);

    const sound = tone(300);
    await attach(ada, 'clove-tone.wav', 'audio/wav', sound);
    await ada.composer.fill('· listen');
    await ada.composer.press('Enter');
    await ada.expectState('· listen', 'Read');
    const isBetween = () => ben.page.evaluate(() => navigator.serviceWorker.controller !== null);
    await expect.poll(isBetween).toBe(true);
    const fetched: number[] = [];
    ben.page.on('response', (response) => {
      if (response.url().includes('/v1/blobs/'))
        fetched.push(Number(response.headers()['content-length'] ?? 0));
    });
    await ben
      .line('· listen')
      .getByRole('button', { name: /^Play clove-tone.wav/ })
      .click();
    const player = ben.line('· listen').locator('audio');
    await expect(player).toHaveAttribute('src', /^\/sealed\//);
    const at = () => player.evaluate((element: HTMLAudioElement) => element.currentTime);
    await expect.poll(at).toBeGreaterThan(0);
    expect(await player.evaluate((element: HTMLAudioElement) => Math.round(element.duration))).toBe(300);
    await player.evaluate((element: HTMLAudioElement) => {
      element.currentTime = 295;
    });
    await expect.poll(at).toBeGreaterThan(295);
    const all = fetched.reduce((sum, bytes) => sum + bytes, 0);
    expect(all).toBeGreaterThan(0);
    expect(all).toBeLessThan(sound.length);
  },
);
