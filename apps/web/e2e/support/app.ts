import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test as base, type BrowserContext, type Locator, type Page } from '@playwright/test';

import { PipitCluster } from './cluster';
import { longPress, phone, standing } from './phone';
import { PipitServer, type Entrance } from './server';

/** What somebody holds: a phone, or else a computer. */
export interface Holding {
  readonly phone?: boolean;
}

/** Somebody with a browser of their own. */
export class Person {
  #page: Page | null = null;

  constructor(
    readonly name: string,
    readonly context: BrowserContext,
    readonly server: Entrance,
    readonly onPhone = false,
    /** Where the browser puts what it saves, where it tells nobody that it has. */
    readonly savesTo: string | null = null,
  ) {}

  get handle(): string {
    return this.name.toLowerCase();
  }

  get password(): string {
    return `${this.handle} has a long password`;
  }

  get page(): Page {
    if (this.#page === null) throw new Error(`${this.name} has no page open`);
    return this.#page;
  }

  /** Opens the app, in a tab of its own; a path as it is, or a whole link. */
  async open(path = '/'): Promise<void> {
    this.#page = await this.context.newPage();
    await this.#page.goto(new URL(path, this.server.address).href);
  }

  /** Closes the tab. What the browser keeps, it keeps. */
  async close(): Promise<void> {
    await this.#page?.close();
    this.#page = null;
  }

  async fillAccount(): Promise<void> {
    await this.page.getByLabel('Your name').fill(this.name);
    await this.page.getByLabel('Username').fill(this.handle);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
  }

  /** Makes the first account, by the link that the server printed. */
  async setUp(serverName: string): Promise<void> {
    await this.open(this.server.setUpLink);
    await this.page.getByLabel('Name of this server').fill(serverName);
    await this.fillAccount();
    await this.page.getByRole('button', { name: 'Start Pipit' }).click();
    await this.#in();
  }

  /** Makes an account by an invite link. */
  async join(link: string, invitedBy: string): Promise<void> {
    await this.open(link);
    await expect(this.page.getByRole('heading', { name: `${invitedBy} invites you` })).toBeVisible();
    await this.fillAccount();
    await this.page.getByRole('button', { name: /^Join / }).click();
    await this.#in();
  }

  async signIn(): Promise<void> {
    await this.page.getByLabel('Username').fill(this.handle);
    await this.page.getByLabel('Password', { exact: true }).fill(this.password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.#in();
  }

  async #in(): Promise<void> {
    await expect(this.page.getByRole('button', { name: 'New conversation' })).toBeVisible();
  }

  /** Opens what comes by the right button, or by a finger that rests. */
  async ask(on: Locator, opens: Locator): Promise<void> {
    if (this.onPhone) await longPress(this.page, on, opens);
    else await on.click({ button: 'right' });
  }

  /** Opens the menu of a message. */
  async menuOf(line: Locator): Promise<Locator> {
    const menu = this.page.getByRole('menu', { name: 'Actions for this message' });
    await this.ask(line.locator('.text').first(), menu);
    return menu;
  }

  /** Chooses from the menu of a message. */
  async choose(line: Locator, action: string): Promise<void> {
    const menu = await this.menuOf(line);
    await menu.getByRole('menuitem', { name: action, exact: true }).click();
  }

  /** What the browser has saved, by this name, of what is behind a button. */
  async save(name: string, button: Locator): Promise<Buffer> {
    if (this.savesTo === null) {
      const download = this.page.waitForEvent('download');
      await button.click();
      const saved = await download;
      expect(saved.suggestedFilename()).toBe(name);
      return readFile(await saved.path());
    }
    const path = join(this.savesTo, name);
    const saved = () => readFile(path).catch(() => Buffer.alloc(0));
    await button.click();
    // It keeps the place with an empty file until it has all of it.
    await expect.poll(async () => (await saved()).length).toBeGreaterThan(0);
    return saved();
  }

  /** Goes to the list, which on a phone gives way to the conversation. Beside one it is always there. */
  async toList(): Promise<void> {
    if (!this.onPhone) return;
    const back = this.page.getByRole('button', { name: /^Back(?: to your conversations)?$/ });
    const inList = this.page.getByRole('button', { name: 'New conversation' });
    await expect(back.or(inList)).toBeVisible();
    if (await back.isVisible()) await back.click();
    await expect(inList).toBeVisible();
  }

  async menu(button: 'New conversation' | 'Account', item: string): Promise<void> {
    await this.toList();
    const name = button === 'Account' ? /^Account of/ : button;
    await this.page.getByRole('button', { name }).click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  /** Makes an invite link. */
  async invite(): Promise<string> {
    await this.menu('Account', 'Invite people');
    await this.page.getByRole('button', { name: 'Create link' }).click();
    const link = await this.page.getByLabel('Invite link').inputValue();
    await this.closeDialog();
    return link;
  }

  /** Closes the dialog that is open. */
  async closeDialog(): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Close', exact: true }).click();
    await expect(dialog).toBeHidden();
  }

  /** Starts the conversation with somebody, or opens the one there is; the encrypted one where that is asked for. */
  async startChat(name: string, { encrypted = false } = {}): Promise<void> {
    await this.menu('New conversation', 'New chat');
    if (encrypted) await this.encrypt();
    await this.page.getByRole('searchbox', { name: 'Search people' }).fill(name);
    await this.page
      .getByRole('dialog')
      .getByRole('button', { name: new RegExp(name) })
      .click();
    await expect(this.page.getByRole('heading', { name, exact: true })).toBeVisible();
  }

  /** A conversation in the list. */
  listed(title: string): Locator {
    return this.page.getByRole('navigation').getByRole('link', { name: new RegExp(title) });
  }

  /** Chooses, in a dialog that has just come in, that a conversation is encrypted. */
  async encrypt(): Promise<void> {
    const choice = this.page.getByRole('checkbox', { name: 'Only the people here can read it' });
    await standing(choice);
    await choice.check();
  }

  async openConversation(title: string): Promise<void> {
    await this.toList();
    await this.listed(title).click();
    await expect(this.page.getByRole('heading', { name: title, exact: true })).toBeVisible();
  }

  /** Makes a group and opens it. */
  async makeGroup(title: string, ...handles: string[]): Promise<void> {
    await this.menu('New conversation', 'New group');
    await this.page.getByLabel('Group name').fill(title);
    for (const handle of handles) {
      await this.page.getByRole('searchbox', { name: 'Add people' }).fill(handle);
      await this.page.getByRole('button', { name: new RegExp(`@${handle}`) }).click();
    }
    await this.page.getByRole('button', { name: 'Create group' }).click();
    await expect(this.composer).toBeVisible();
  }

  /** Opens the details of the conversation: beside it, or on a phone over it. */
  async openDetails(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'Details', exact: true }).click();
    const details = this.page.getByRole('complementary', { name: 'Details' });
    await expect(details).toBeVisible();
    return details;
  }

  async closeDetails(): Promise<void> {
    await this.page.getByRole('button', { name: 'Close details' }).click();
    await expect(this.page.getByRole('complementary', { name: 'Details' })).toBeHidden();
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to/ });
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await expect(this.line(text)).toBeVisible();
  }

  /** The lines of the open timeline that are on the screen. */
  get lines(): Locator {
    return this.page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
  }

  line(text: string): Locator {
    return this.lines.filter({ hasText: text });
  }

  /** Waits until the newest message of one's own stands there. */
  async expectState(text: string, state: 'Waiting to send' | 'Sent' | 'Delivered' | 'Read'): Promise<void> {
    await expect(this.line(text)).toHaveAccessibleName(new RegExp(`^You, .*, ${state}$`));
    await expect(this.line(text)).toContainText(state);
  }

  /** What the header says of the other: presence, or typing. */
  get status(): Locator {
    return this.page.getByTestId('status');
  }

  /** The texts of the messages on the screen, in order, without whose they are. */
  async texts(): Promise<string[]> {
    const labels = await this.lines.evaluateAll((lines) =>
      lines
        .map((line) => ({
          at: line.getBoundingClientRect().top,
          label: line.getAttribute('aria-label') ?? '',
        }))
        .sort((a, b) => a.at - b.at)
        .map(({ label }) => label),
    );
    return labels.map((label) => label.split(', ')[1] ?? '').filter((text) => text.includes('·'));
  }
}

interface App {
  /** What the server is started with. */
  serverOptions: readonly string[];
  server: PipitServer;
  /** Three nodes behind a balancer. */
  cluster: PipitCluster;
  /** Somebody new, with a browser of their own. */
  person(name: string, holding?: Holding): Promise<Person>;
  /** The same, on the cluster. */
  clusterPerson(name: string): Promise<Person>;
}

/** A test with a real server, and as many people as it wants. */
export const test = base.extend<
  App & { browserOf: (entrance: Entrance, name: string, holding?: Holding) => Promise<Person> }
>({
  serverOptions: [[], { option: true }],
  server: async ({ serverOptions }, use) => {
    const server = new PipitServer(serverOptions);
    await server.start();
    await use(server);
    await server.remove();
  },
  // eslint-disable-next-line no-empty-pattern -- the library wants the pattern
  cluster: async ({}, use) => {
    const cluster = new PipitCluster();
    try {
      await cluster.start();
      await use(cluster);
    } finally {
      await cluster.remove();
    }
  },
  browserOf: async ({ browser, browserName, channel, launchOptions, contextOptions }, use) => {
    const opened: { close(): Promise<void> }[] = [];
    await use(async (entrance, name, { phone: onPhone = false } = {}) => {
      let own = browser;
      let savesTo: string | null = null;
      if (browserName === 'firefox') {
        // Its contexts are tabs of one window, of which only one can be seen: each person gets a browser.
        savesTo = test.info().outputPath(`saved-${opened.length}`);
        own = await browser.browserType().launch({ ...launchOptions, channel, downloadsPath: savesTo });
        opened.unshift(own);
      }
      // Firefox is as narrow as a phone, and no more like one than that.
      const held = browserName === 'firefox' ? { viewport: phone.viewport } : phone;
      const context = await own.newContext({ ...contextOptions, ...(onPhone ? held : {}) });
      opened.unshift(context);
      return new Person(name, context, entrance, onPhone, savesTo);
    });
    for (const one of opened) await one.close();
  },
  person: async ({ server, browserOf }, use) => {
    await use((name, holding) => browserOf(server, name, holding));
  },
  clusterPerson: async ({ cluster, browserOf }, use) => {
    await use((name) => browserOf(cluster, name));
  },
});

export { expect };
