import { expect, test as base, type Person } from '../support/app';
import { OlderServer } from '../support/older';

/** The app that people have open is newer than the server, which somebody has put back to what it was before. */
const test = base.extend<{ older: OlderServer }>({
  // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
  older: async ({}, use) => {
    const older = new OlderServer();
    await older.start();
    await use(older);
    await older.remove();
  },
});

test('a server that was put back says so in words, keeps what was written, and everything goes on when it is of this time again', async ({
  older,
  browserOf,
}) => {
  const ada: Person = await browserOf(older, 'Ada');
  await ada.setUp('Harbour');
  await ada.menu('New conversation', 'Notes to self');
  await ada.write('· Before');
  await ada.expectState('· Before', 'Sent');
  const words = ada.page.getByText('This app and the server are of different versions.');
  const reload = ada.page.getByRole('button', { name: 'Reload' });

  await test.step('it does not speak this version of the protocol', async () => {
    older.become({
      refuses: ({ type }) => (type === 'hello' ? 'unsupported_version' : null),
      says: (about) => ({ ...about, protocol: 0 }),
    });
    await expect(words).toBeVisible();
    await ada.write('· Meanwhile');
    await ada.expectState('· Meanwhile', 'Waiting to send');
    // The app that it has by now may be the one that fits.
    await reload.click();
    await expect(words).toBeVisible();
    await ada.expectState('· Meanwhile', 'Waiting to send');
  });

  await test.step('it does, but knows less', async () => {
    const since = [
      'polls',
      'encryption',
      'scheduled_max',
      'scheduled_ahead_ms_max',
      'media',
      'edit_window_ms',
    ];
    older.become({
      refuses: ({ type }) => (type === 'change' ? 'unknown_type' : null),
      says: (about) => {
        const limits = Object.entries(about['limits'] as object).filter(([name]) => !since.includes(name));
        return { ...about, limits: Object.fromEntries(limits) };
      },
    });
    // What the system says when the network comes back: the app does not wait any longer.
    await ada.page.evaluate(() => dispatchEvent(new Event('online')));
    await ada.expectState('· Meanwhile', 'Sent');
    await expect(words).toBeHidden();
    await ada.line('· Before').locator('.text').click({ button: 'right' });
    await ada.page.getByRole('menuitem', { name: 'Pin' }).click();
    await expect(ada.page.getByText(/This server is too old for what you want to do/)).toBeVisible();
    await expect(ada.line('· Before')).not.toHaveAccessibleName(/pinned/i);
    await ada.write('· Still here');
    await ada.expectState('· Still here', 'Sent');
  });

  await test.step('it is of this time again', async () => {
    older.become({});
    await expect(ada.page.getByText(/Connecting/)).toBeHidden();
    await ada.line('· Before').locator('.text').click({ button: 'right' });
    await ada.page.getByRole('menuitem', { name: 'Pin' }).click();
    await expect(ada.line('· Before')).toHaveAccessibleName(/pinned/i);
  });
});
