import type { Page } from '@playwright/test';

import { expect, test as base } from '../support/app';
import { GatedServer } from '../support/gate';
import { png } from '../support/picture';

const MIB = 1024 * 1024;
/** What all files of one account may have together: those that are sent here, and not one more. */
const ROOM = 39 * MIB;

/** With a server whose line can be held while a file is on its way. */
const test = base.extend<{ gated: GatedServer }>({
  // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
  gated: async ({}, use) => {
    const gated = new GatedServer();
    try {
      await gated.start([
        '--media-file-bytes-max',
        String(24 * MIB),
        '--media-account-bytes-max',
        String(ROOM),
      ]);
      await use(gated);
    } finally {
      await gated.remove();
    }
  },
});

/** A film of the browser's own making: it changes its colour for as long as it takes to have something in it. */
async function shortFilm(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 48];
    const drawing = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: 'video/webm' });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let frame = 0; frame < 40; frame += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (drawing !== null) drawing.fillStyle = `hsl(${frame * 9} 60% 50%)`;
      drawing?.fillRect(0, 0, 64, 48);
    }
    recorder.stop();
    await ended;
    return Array.from(new Uint8Array(await new Blob(parts).arrayBuffer()));
  });
  return Buffer.from(bytes);
}

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

test('two people send each other pictures, files and films', async ({ person }) => {
  test.setTimeout(240_000);
  const [ada, ben, cleo] = await Promise.all([person('Ada', { phone: true }), person('Ben'), person('Cleo')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await cleo.join(await ben.invite(), 'Ben');
  await ben.startChat('Cleo');
  await ben.write('· over to you');
  await ada.startChat('Ben');
  await ada.write('· hello');
  await ben.openConversation('Ada');

  await test.step('a picture is described, sent, and seen small and large', async () => {
    const photo = { name: 'lake.png', mimeType: 'image/png', buffer: png(640, 480, [70, 120, 160]) };
    await ada.page.getByTestId('attach').setInputFiles(photo);
    await ada.page.getByLabel('Caption of lake.png').fill('The lake at noon');
    await ada.composer.fill('· look');
    await ada.composer.press('Enter');
    await ada.expectState('· look', 'Read');
    const picture = ben.page.getByRole('button', { name: 'Open: The lake at noon' });
    await expect(picture).toBeVisible();
    const real = ben.line('· look').locator('img.real');
    await expect(real).toHaveAttribute('src', /\/thumb\/1280\?t=/);
    await expect(real).toHaveJSProperty('complete', true);
    await expect
      .poll(() => real.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
    await picture.click();
    const viewer = ben.page.getByRole('dialog', { name: 'The lake at noon' });
    await expect(viewer).toBeVisible();
    await ben.page.keyboard.press('Escape');
    await expect(viewer).toBeHidden();
    await ada.toList();
    await expect(ada.listed('Ben')).toContainText('Photo: The lake at noon · · look');
    await ada.openConversation('Ben');
  });

  await test.step('who has it forwards it, and it stays when the first message is deleted', async () => {
    await ben.choose(ben.line('· look'), 'Forward');
    const dialog = ben.page.getByRole('dialog', { name: 'Forward the message' });
    await dialog.getByRole('checkbox', { name: /Cleo/ }).check();
    await dialog.getByRole('button', { name: 'Forward to 1 conversation' }).click();
    await expect(cleo.listed('Ben')).toContainText('Photo: The lake at noon');
    await ada.choose(ada.line('· look'), 'Delete for everyone');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await expect(ben.line('This message was deleted')).toBeVisible();
    await cleo.openConversation('Ben');
    const real = cleo.line('· look').locator('img.real');
    await expect(real).toHaveAttribute('src', /\/thumb\/1280\?t=/);
    await expect
      .poll(() => real.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
  });

  await test.step('a file that is sent without a line goes when the page is there again, and is saved whole', async () => {
    await ada.context.setOffline(true);
    const text = Array.from({ length: 90_000 }, (_, number) => `line ${number}`).join('\n');
    const letter = { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from(text) };
    await ada.page.getByTestId('attach').setInputFiles(letter);
    await ada.composer.fill('· the letter');
    await ada.composer.press('Enter');
    await expect(ada.line('· the letter')).toContainText('Waiting to be sent');
    await ada.context.setOffline(false);
    await ada.page.reload();
    await expect(ada.line('· the letter')).toContainText(/Delivered|Read/);
    const button = ben.line('· the letter').getByRole('button', { name: 'Download letter.txt' });
    expect((await ben.save('letter.txt', button)).toString('utf8')).toBe(text);
  });

  await test.step('a film is sent, and played where it stands', async () => {
    const film = { name: 'waves.webm', mimeType: 'video/webm', buffer: await shortFilm(ada.page) };
    await ada.page.getByTestId('attach').setInputFiles(film);
    await ada.composer.fill('· waves');
    await ada.composer.press('Enter');
    const video = ben.line('· waves').locator('video');
    const state = (of: 'videoWidth' | 'currentTime') =>
      video.evaluate((element: HTMLVideoElement, what) => element[what], of);
    // Its first picture is there before it plays.
    await expect.poll(() => state('videoWidth')).toBe(64);
    await video.evaluate((element: HTMLVideoElement) => element.play());
    await expect.poll(() => state('currentTime')).toBeGreaterThan(0);
  });
});

test('a voice note is recorded, sent and played', { tag: '@sound' }, async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada', { phone: true }), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· hello');
  await ben.openConversation('Ada');

  await ada.page.getByRole('button', { name: 'Record a voice note' }).click();
  const timer = ada.page.getByRole('timer', { name: 'Recording' });
  await expect(timer).toHaveText('0:01');
  // The microphone beeps: some of what is drawn is loud, and some is not.
  const levels = ada.page.locator('.levels span');
  const heights = () => levels.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
  await expect.poll(async () => new Set(await heights()).size).toBeGreaterThan(1);
  await ada.page.getByRole('button', { name: 'Send voice note' }).click();
  const note = ben.page.getByRole('group', { name: /^Voice note of Ada, 0:0/ });
  await expect(note).toBeVisible();
  await note.getByRole('button', { name: 'Speed: 1 times' }).click();
  await note.getByRole('button', { name: 'Play' }).click();
  // It is so short that its end may come before a look at it.
  const played = () => note.locator('audio').evaluate((audio: HTMLAudioElement) => audio.played.length);
  await expect.poll(played).toBeGreaterThan(0);
  await expect(note.getByRole('button', { name: 'Play' })).toBeVisible();
});

test('a file on its way survives a reload and the end of its server, waits, goes on, and is taken back', async ({
  gated,
  browserOf,
}) => {
  test.setTimeout(240_000);
  const [ada, ben] = await Promise.all([browserOf(gated, 'Ada', { phone: true }), browserOf(gated, 'Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.startChat('Ben');
  await ada.write('· hello');
  await ben.openConversation('Ada');
  const attach = async (name: string, bytes: number, text: string): Promise<void> => {
    const file = { name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(bytes, name) };
    await ada.page.getByTestId('attach').setInputFiles(file);
    await ada.composer.fill(text);
    await ada.composer.press('Enter');
  };

  await test.step('what is too large is said before the first byte', async () => {
    gated.closeAfter(0);
    await ada.page
      .getByTestId('attach')
      .setInputFiles({ name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(25 * MIB) });
    await expect(
      ada.page.getByText('“film.mp4” has 25 MB. Files of up to 24 MB can be sent here.'),
    ).toBeVisible();
    expect(gated.isHolding).toBe(false);
  });

  await test.step('the server ends and the page is loaded anew in the middle: the rest is sent, not the whole', async () => {
    gated.closeAfter(14 * MIB);
    await attach('archive.bin', 20 * MIB, '· the archive');
    await expect.poll(() => gated.isHolding).toBe(true);
    await expect(ada.line('· the archive')).toContainText('of 20 MB');
    await gated.server.kill();
    await ada.page.reload();
    await expect(ada.line('· the archive')).toContainText('Waiting to be sent');
    gated.open();
    await gated.server.start();
    await expect(ada.line('· the archive')).toContainText(/Delivered|Read/);
    expect(gated.passed).toBeGreaterThan(0);
    expect(gated.passed).toBeLessThan(10 * MIB);
    await expect(ben.line('· the archive')).toContainText('archive.bin');
  });

  await test.step('it is stopped, lets others pass, and goes on', async () => {
    gated.closeAfter(5 * MIB);
    await attach('slow.bin', 8 * MIB, '· slow');
    await expect.poll(() => gated.isHolding).toBe(true);
    await ada.page.getByRole('button', { name: 'Pause sending slow.bin' }).click();
    await ada.write('· meanwhile');
    await expect(ben.line('· meanwhile')).toBeVisible();
    gated.open();
    await ada.page.getByRole('button', { name: 'Go on sending slow.bin' }).click();
    await expect(ben.line('· slow')).toContainText('slow.bin');
    expect(gated.passed).toBeLessThan(5 * MIB);
  });

  await test.step('it is taken back, which makes room for what was refused', async () => {
    gated.closeAfter(MIB);
    await attach('regret.bin', 8 * MIB, '· never mind');
    await expect.poll(() => gated.isHolding).toBe(true);
    await ada.page.getByRole('button', { name: 'Pause sending regret.bin' }).click();
    gated.open();
    await attach('charts.bin', 10 * MIB, '· the charts');
    const charts = ada.line('· the charts');
    await expect(charts).toContainText('Your files take up all the space you have here.');
    await ada.write('· no room');
    await expect(ben.line('· no room')).toBeVisible();
    expect(gated.passed).toBe(0);

    const given = ada.context.waitForEvent('response', (answer) => answer.request().method() === 'DELETE');
    await ada.page.getByRole('button', { name: 'Do not send regret.bin' }).click();
    await expect(ada.page.getByText('regret.bin')).toHaveCount(0);
    await expect(ben.line('· never mind')).toBeVisible();
    await expect(ben.page.getByText('regret.bin')).toHaveCount(0);
    expect((await given).status()).toBe(204);

    await expect(ben.page.getByText('charts.bin')).toHaveCount(0);
    await charts.getByRole('button', { name: 'Try to send charts.bin again' }).click();
    await expect(ben.line('· the charts')).toContainText('charts.bin');
    await expect(charts).toContainText(/Delivered|Read/);
    await ben.write('· thank you');
    await expect(ada.line('· thank you')).toBeVisible();
    for (const one of [ada, ben]) await expect(one.line('· the charts')).toHaveCount(1);
  });
});

test('who is removed from a group cannot fetch its files any more', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.makeGroup('Rowing', 'ben');
  await ben.openConversation('Rowing');

  const photo = { name: 'lake.png', mimeType: 'image/png', buffer: png(320, 240, [70, 120, 160]) };
  await ada.page.getByTestId('attach').setInputFiles(photo);
  await ada.composer.fill('· look');
  await ada.composer.press('Enter');
  const real = ben.line('· look').locator('img.real');
  await expect(real).toHaveAttribute('src', /\/thumb\/1280\?t=/);
  const address = await real.evaluate((image: HTMLImageElement) => image.src);
  const fetched = (range?: string) =>
    ben.page.evaluate(
      async ([url, range]) => {
        const headers = new Headers(range === undefined ? {} : { range });
        const answer = await fetch(url, { cache: 'no-store', headers });
        return [answer.status, (await answer.arrayBuffer()).byteLength];
      },
      [address, range] as const,
    );
  expect((await fetched())[0]).toBe(200);
  expect(await fetched('bytes=10-29')).toEqual([206, 20]);

  await ada.openDetails();
  await ada.page.getByRole('button', { name: 'Actions for Ben' }).click();
  await ada.page.getByRole('menuitem', { name: 'Remove from group' }).click();
  await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click();
  await expect(ben.page.getByText('You are no longer in this conversation')).toBeVisible();
  expect((await fetched())[0]).toBe(404);
  expect((await fetched('bytes=10-29'))[0]).toBe(404);
});
