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

  /**
   * Goes on with Tab until this has the focus, or back where it stands before what has it: beyond the end of a page there are the
   * browser's own buttons. Another key goes on with that.
   */
  async to(target: Locator, key?: string): Promise<void> {
    await expect(target).toBeVisible();
    for (let presses = 0; presses < 80; presses += 1) {
      const towards = await target.evaluate((element) => {
        if (element === document.activeElement) return null;
        const place = document.activeElement?.compareDocumentPosition(element) ?? 0;
        return place & Node.DOCUMENT_POSITION_PRECEDING ? 'Shift+Tab' : 'Tab';
      });
      if (towards === null) return;
      await this.press(key ?? towards);
    }
    throw new Error(`${String(target)} is not reached with ${key ?? 'Tab'}`);
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
