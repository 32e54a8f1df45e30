import { expect, test, type Person } from '../support/app';
import { MemoryProbe, type Held } from '../support/memory';
import { noise } from '../support/picture';
import { Talker } from '../support/talker';

/**
 * A day's use, over and over: what a page holds on to must not grow with it. The first rounds fill what is filled once, such as
 * parts that load when they are opened; those after them are compared. It takes minutes, so it runs at night
 * (`cargo xtask nightly`): `PIPIT_SOAK_ROUNDS` says how many rounds.
 */

const ROUNDS = Number(process.env['PIPIT_SOAK_ROUNDS'] ?? 4);
const WARM = Math.max(2, Math.round(ROUNDS / 5));
/** How many rounds what is let go of on purpose is kept for. */
const LEAKING = 2;
/** The longest that a round may take, on a machine that is busy with everything else. */
const ROUND_MS = 30_000;
/** Messages of somebody else in a round, in each of two conversations. */
const SAID = 30;
const LINE = '· A line of an ordinary length, as people write them to each other all day,';

/** By how much each may grow in a round, and besides once: code that is compiled late, pages of a cache. A round's messages are in the database, on the disk. */
const ROUND_MAX: Readonly<Held> = { nodes: 10, listeners: 1, page_kb: 60, workers_kb: 20, wasm_kb: 128 };
const ONCE_MAX: Readonly<Held> = {
  nodes: 100,
  listeners: 10,
  page_kb: 1_500,
  workers_kb: 200,
  wasm_kb: 1_024,
};

class Day {
  #round = 0;
  readonly #picture = noise(320, 240, {});

  constructor(
    private readonly ada: Person,
    private readonly ben: Talker,
    private readonly direct: string,
    private readonly group: string,
  ) {}

  async round(): Promise<void> {
    this.#round += 1;
    await this.#open('Ben');
    await this.#hear();
    await this.#write();
    await this.#lookAround();
    await this.#open('Birds');
    await expect(this.ada.line(this.#lastOf('Birds'))).toBeVisible();
    await this.#search();
    await this.#loseTheLine();
  }

  async #open(title: string): Promise<void> {
    await this.ada.listed(`^${title} `).click();
    await expect(this.ada.page.getByRole('heading', { name: title, exact: true })).toBeVisible();
  }

  #lastOf(place: string): string {
    return `${LINE} ${place} ${this.#round}.${SAID}`;
  }

  async #hear(): Promise<void> {
    const lines = (place: string) =>
      Array.from({ length: SAID }, (_, at) => `${LINE} ${place} ${this.#round}.${at + 1}`);
    await Promise.all([this.ben.say(this.direct, lines('Ben')), this.ben.say(this.group, lines('Birds'))]);
    await expect(this.ada.line(this.#lastOf('Ben'))).toBeVisible();
  }

  async #write(): Promise<void> {
    const { page } = this.ada;
    const text = `· Answer ${this.#round}`;
    await this.ada.write(text);
    await this.ada.expectState(text, 'Sent');
    const [name, caption] = [`picture-${this.#round}.png`, `View ${this.#round}`];
    // Pasted: what chooses a file in a test keeps hold of the field in which it did.
    await this.ada.composer.evaluate(
      (field, { name, bytes }) => {
        const clipboardData = new DataTransfer();
        const binary = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
        clipboardData.items.add(new File([binary], name, { type: 'image/png' }));
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
      },
      { name, bytes: this.#picture.toString('base64') },
    );
    await page.getByLabel(`Caption of ${name}`).fill(caption);
    await this.ada.composer.press('Enter');
    await page.getByRole('button', { name: `Open: ${caption}` }).click();
    await expect(page.getByRole('dialog', { name: caption })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }

  async #lookAround(): Promise<void> {
    const { page } = this.ada;
    const timeline = page.locator('.viewport');
    await timeline.evaluate((viewport) => viewport.scrollTo(0, 0));
    await timeline.evaluate((viewport) => viewport.scrollTo(0, viewport.scrollHeight));
    await page.getByRole('button', { name: 'Details' }).click();
    await page.getByRole('complementary', { name: 'Details' }).getByRole('button', { name: 'Close' }).click();
    await this.ada.menu('Account', 'Notifications');
    await expect(page.getByRole('dialog', { name: 'Notifications' })).toBeVisible();
    await page.keyboard.press('Escape');
    await this.ada.line(`· Answer ${this.#round}`).locator('.text').click({ button: 'right' });
    await expect(page.getByRole('menu')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toBeHidden();
  }

  async #search(): Promise<void> {
    const field = this.ada.page.getByRole('searchbox', { name: 'Search', exact: true });
    const found = this.ada.page.getByRole('region', { name: 'Messages', exact: true }).getByRole('link');
    await field.fill(`"Birds ${this.#round}.${SAID}"`);
    await found.first().click();
    await field.fill('');
    await expect(this.ada.listed('^Birds ')).toBeVisible();
  }

  async #loseTheLine(): Promise<void> {
    const { page, context } = this.ada;
    await context.setOffline(true);
    await expect(page.getByText(/You are offline/)).toBeVisible();
    await context.setOffline(false);
    await expect(page.getByText(/You are offline/)).toBeHidden();
  }
}

/** What has grown more than it may in so many rounds. */
function grown(before: Held, after: Held, rounds: number): readonly string[] {
  return (Object.keys(ROUND_MAX) as (keyof Held)[])
    .map((what) => ({
      what,
      by: after[what] - before[what],
      most: ONCE_MAX[what] + rounds * ROUND_MAX[what],
    }))
    .filter(({ by, most }) => by > most)
    .map(({ what, by, most }) => `${what}: ${Math.round(by)} in ${rounds} rounds, at most ${most}`);
}

const inWords = (held: Held): string =>
  Object.entries(held)
    .map(([what, much]) => `${what} ${Math.round(much as number)}`)
    .join(', ');

// What is not there soon is not there: the test may take long, a step of it may not.
test.use({ actionTimeout: 15_000 });

test("a day's use leaves nothing behind in memory", async ({ person }, info) => {
  test.setTimeout(60_000 + (ROUNDS + WARM + LEAKING) * ROUND_MS);
  const ada = await person('Ada');
  await ada.setUp('Harbour');
  const ben = await Talker.join(await ada.invite(), 'Ben');
  await ada.startChat('Ben');
  await ada.write('· Hello');
  const idOf = () => new URL(ada.page.url()).pathname.replace('/c/', '');
  const direct = idOf();
  await ada.menu('New conversation', 'New group');
  await ada.page.getByLabel('Group name').fill('Birds');
  await ada.page.getByRole('searchbox', { name: 'Add people' }).fill('Ben');
  await ada.page.getByRole('button', { name: /@ben/ }).click();
  await ada.page.getByRole('button', { name: 'Create group' }).click();
  await expect(ada.page.getByRole('heading', { name: 'Birds' })).toBeVisible();
  const day = new Day(ada, ben, direct, idOf());
  const probe = await MemoryProbe.of(ada.page);

  for (let round = 0; round < WARM; round += 1) await day.round();
  const before = await probe.look();
  info.annotations.push({ type: `after ${WARM} rounds`, description: inWords(before) });
  for (let round = 0; round < ROUNDS; round += 1) await day.round();
  const after = await probe.look();
  info.annotations.push({ type: `after ${WARM + ROUNDS} rounds`, description: inWords(after) });
  expect(grown(before, after, ROUNDS)).toEqual([]);

  await test.step('which it would say', async () => {
    await ada.page.evaluate(() => {
      const kept: Node[] = [];
      Object.assign(window, { kept });
      const list = () => document.querySelector('[role="list"][aria-label="Messages"]');
      // A view that is left behind keeps its lines.
      new MutationObserver(() => {
        const now = list();
        if (now !== null && !kept.includes(now)) kept.push(now);
      }).observe(document.body, { childList: true, subtree: true });
    });
    for (let round = 0; round < LEAKING; round += 1) await day.round();
    const leaked = grown(after, await probe.look(), LEAKING);
    expect(leaked.join()).toContain('nodes');
  });
  ben.close();
});
