import type { Locator } from '@playwright/test';

import { expect, test, type Person } from '../support/app';
import { noise, png } from '../support/picture';

// Texts carry a "·", so that they can be told from the rest of what a line is read out as.

async function sendPicture(person: Person, text: string): Promise<void> {
  const buffer = noise(900, 700, {});
  await person.page.getByTestId('attach').setInputFiles({ name: 'lake.png', mimeType: 'image/png', buffer });
  await person.composer.fill(text);
  await person.composer.press('Enter');
  await person.expectState(text, 'Read');
}

/** Pictures are kept when there is time, and what is written after that is after it. */
async function thereWasTime(person: Person): Promise<void> {
  await person.page.evaluate(
    () => new Promise((idle) => requestIdleCallback(() => requestIdleCallback(idle))),
  );
}

const pictureIn = (line: Locator) => line.locator('img.real');

async function expectSeen(line: Locator, src: RegExp): Promise<void> {
  await expect(pictureIn(line)).toHaveAttribute('src', src);
  await expect
    .poll(() => pictureIn(line).evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);
}

test('pictures that were seen are there without a line, until their message is deleted', async ({
  person,
}) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben', { phone: true })]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  const chats = [
    { encrypted: false, text: '· the open lake', src: /\/thumb\/1280\?t=/ },
    { encrypted: true, text: '· the sealed lake', src: /^blob:/ },
  ];
  for (const { encrypted, text, src } of chats) {
    await ada.startChat('Ben', { encrypted });
    await expect(ada.line('· seen')).toHaveCount(0);
    await ada.write(`· hello ${encrypted}`);
    await ben.toList();
    await ben
      .listed('Ada')
      .filter({ hasText: `· hello ${encrypted}` })
      .click();
    await sendPicture(ada, text);
    await expectSeen(ben.line(text), src);
    await thereWasTime(ben);
    await ben.write(`· seen ${encrypted}`);
  }
  await expect.poll(() => ben.page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);

  await test.step('the page is opened without a line', async () => {
    await ben.context.setOffline(true);
    await ben.page.reload();
    await expectSeen(ben.line('· the sealed lake'), /^data:image\/jpeg;base64,/);
    await ben.toList();
    await ben.listed('Ada').filter({ hasText: '· seen false' }).click();
    await expectSeen(ben.line('· the open lake'), /^data:image\/jpeg;base64,/);
  });

  await test.step('with a line it is the picture itself, and when it is deleted nothing of it stays', async () => {
    await ben.context.setOffline(false);
    await expectSeen(ben.line('· the open lake'), /\/thumb\/1280\?t=/);
    await ada.toList();
    await ada.listed('Ben').filter({ hasText: '· seen false' }).click();
    await ada.choose(ada.line('· the open lake'), 'Delete for everyone');
    await ada.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await expect(ben.line('This message was deleted')).toBeVisible();
    await expect(pictureIn(ben.lines.first())).toHaveCount(0);
  });
});

async function expectFace(within: Locator, src: RegExp): Promise<void> {
  const face = within.locator('img');
  await expect(face).toHaveAttribute('src', src);
  await expect.poll(() => face.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
}

/** Chooses a picture in a dialog that asks for one, and saves it. */
async function chooseFace(dialog: Locator): Promise<void> {
  const buffer = png(640, 480, [70, 120, 160]);
  await dialog.getByTestId('picture').setInputFiles({ name: 'lake.png', mimeType: 'image/png', buffer });
  await expect(dialog.getByRole('img', { name: 'The part that will be seen' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
}

test('the list has its pictures without a line', async ({ person }) => {
  test.setTimeout(180_000);
  const [ada, ben] = await Promise.all([person('Ada'), person('Ben')]);
  await ada.setUp('Harbour');
  await ben.join(await ada.invite(), 'Ada');
  await ada.menu('Account', 'Profile');
  await chooseFace(ada.page.getByRole('dialog', { name: 'Profile' }));
  await ada.makeGroup('Rowing', 'ben');
  await ada.openDetails();
  await ada.page.getByRole('button', { name: 'Group picture' }).click();
  await chooseFace(ada.page.getByRole('dialog', { name: 'Group picture' }));
  await ben.startChat('Ada');
  const rows = [ben.listed('Ada'), ben.listed('Rowing')];
  for (const row of rows) await expectFace(row, /\/thumb\/320\?t=/);
  await thereWasTime(ben);
  await ben.write('· seen');
  await expect.poll(() => ben.page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);

  await test.step('the page is opened without a line', async () => {
    await ben.context.setOffline(true);
    await ben.page.reload();
    for (const row of rows) await expectFace(row, /^data:image\/jpeg;base64,/);
  });

  await test.step('when there is one again, they are as they are on the server', async () => {
    await ben.context.setOffline(false);
    for (const row of rows) await expectFace(row, /\/thumb\/320\?t=/);
  });
});
