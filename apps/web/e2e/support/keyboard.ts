import { expect, type Locator, type Page } from '@playwright/test';

import type { Person } from './app';

/** Somebody who has no mouse: whatever they do, they do with keys. */
export class Hands {
  readonly #person: Person;

  private constructor(person: Person) {
    this.#person = person;
  }

  /** From before their first page on, presses of a pointer are noticed. */
  static async of(person: Person): Promise<Hands> {
    await person.context.addInitScript(() => {
      addEventListener('pointerdown', () => sessionStorage.setItem('pointed', 'yes'), true);
    });
    return new Hands(person);
  }

  get page(): Page {
    return this.#person.page;
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Goes on with Tab (or another key) until this has the focus. */
  async to(target: Locator, key = 'Tab'): Promise<void> {
    await expect(target).toBeVisible();
    for (let presses = 0; presses < 80; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.press(key);
    }
    throw new Error(`${String(target)} is not reached with ${key}`);
  }

  /** Goes to a field and writes. */
  async fill(field: Locator, text: string): Promise<void> {
    await this.to(field);
    await this.type(text);
  }

  /** Opens the menu of a button and chooses from it. */
  async choose(button: Locator, item: string): Promise<void> {
    await this.to(button);
    await this.press('Enter');
    await expect(this.page.getByRole('menuitem').first()).toBeFocused();
    await this.to(this.page.getByRole('menuitem', { name: item, exact: true }), 'ArrowDown');
    await this.press('Enter');
  }

  async expectNoPointer(): Promise<void> {
    expect(await this.page.evaluate(() => sessionStorage.getItem('pointed'))).toBeNull();
  }
}
