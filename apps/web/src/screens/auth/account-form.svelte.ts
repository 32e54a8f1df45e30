import { deviceName } from '../../format/device';
import type { AccountForm, CommandError } from '../../generated/types';
import { describeError, fieldOf } from '../../i18n/errors';
import { t } from '../../i18n';
import { CommandFailure } from '../../state/failure';

const HANDLE = /^[a-z0-9][a-z0-9_.-]{1,31}$/;

const fields = ['server_name', 'name', 'handle', 'password'] as const;
type Field = (typeof fields)[number];

const messages = {
  server_name: 'auth.server_name.error',
  name: 'auth.name.error',
  handle: 'auth.handle.error',
  password: 'auth.password.error',
} as const;

/** How many characters people see, near enough: code points. */
function length(text: string): number {
  return Array.from(text).length;
}

/** The form that makes an account: what is in it, what is wrong with it, and whether it is on its way. */
export class AccountFormState {
  server_name = $state('');
  name = $state('');
  handle = $state('');
  password = $state('');
  busy = $state(false);
  /** What the whole of it failed with. */
  failure = $state<string | null>(null);
  errors = $state<Partial<Record<Field, string>>>({});
  #withServer: boolean;

  constructor(withServer: boolean) {
    this.#withServer = withServer;
  }

  get account(): AccountForm {
    return {
      handle: this.handle.trim().replace(/^@/, '').toLowerCase(),
      name: this.name.trim(),
      password: this.password,
      device_name: deviceName(navigator.userAgent),
    };
  }

  /** What can be said before the server is asked. The server decides again. */
  check(): boolean {
    const { handle, name, password } = this.account;
    const server = length(this.server_name.trim());
    const wrong: Record<Field, boolean> = {
      server_name: this.#withServer && (server < 1 || server > 64),
      name: length(name) < 1 || length(name) > 64,
      handle: !HANDLE.test(handle),
      password: length(password) < 10 || length(password) > 256,
    };
    this.errors = Object.fromEntries(
      fields.filter((field) => wrong[field]).map((field) => [field, t(messages[field])]),
    );
    return !fields.some((field) => wrong[field]);
  }

  /** Checks, then runs `submit`, and shows what it fails with beside the field that it is about. */
  async run(submit: (account: AccountForm) => Promise<unknown>): Promise<void> {
    this.failure = null;
    if (this.busy || !this.check()) return;
    this.busy = true;
    try {
      await submit(this.account);
    } catch (error) {
      this.#fail(error instanceof CommandFailure ? error.error : null);
    } finally {
      this.busy = false;
    }
  }

  #fail(error: CommandError | null): void {
    if (error === null) {
      this.failure = t('error.unknown');
      return;
    }
    const named =
      error.code === 'handle_taken'
        ? 'handle'
        : error.code === 'password_unacceptable'
          ? 'password'
          : fieldOf(error);
    const field = fields.find((name) => name === named);
    if (field === undefined) this.failure = describeError(error);
    else
      this.errors = { [field]: error.code === 'invalid_field' ? t(messages[field]) : describeError(error) };
  }
}
