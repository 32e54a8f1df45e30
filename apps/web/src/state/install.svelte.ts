/** What the browser says when the app could be installed. <https://wicg.github.io/manifest-incubations/#installation-prompts> */
interface InstallEvent extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

/** Whether this app can be put among those of the device, and doing so. Some browsers never say: then it is in their own menu alone. */
export class Install {
  #asked = $state.raw<InstallEvent | null>(null);

  constructor() {
    addEventListener('beforeinstallprompt', (event) => {
      // Asked for from our own menu, not by a bar that nobody has asked for.
      event.preventDefault();
      this.#asked = event as InstallEvent;
    });
    addEventListener('appinstalled', () => (this.#asked = null));
  }

  get possible(): boolean {
    return this.#asked !== null;
  }

  /** Lets the browser ask. It does so once. */
  async ask(): Promise<void> {
    const asked = this.#asked;
    this.#asked = null;
    await asked?.prompt();
  }
}
