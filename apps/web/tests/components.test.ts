// @vitest-environment jsdom
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import Badge from '../src/components/Badge.svelte';
import DeliveryIcon from '../src/components/DeliveryIcon.svelte';
import TextField from '../src/components/TextField.svelte';
import { AccountFormState } from '../src/screens/auth/account-form.svelte';
import { CommandFailure } from '../src/state/failure';

describe('TextField', () => {
  it('ties its label, hint and error to the input', async () => {
    const { rerender } = render(TextField, { label: 'Name', value: '', hint: 'As others see it' });
    const input = screen.getByLabelText('Name');
    expect(input).toHaveAccessibleDescription('As others see it');
    await rerender({ error: 'Too short' });
    expect(input).toBeInvalid();
    expect(input).toHaveAccessibleDescription(/Too short/);
  });

  it('shows a password when asked to, and hides it again', async () => {
    const user = userEvent.setup();
    render(TextField, { label: 'Password', value: 'secret', type: 'password' });
    const input = screen.getByLabelText('Password');
    expect(input).toHaveAttribute('type', 'password');
    await user.click(screen.getByRole('button', { name: 'Show password' }));
    expect(input).toHaveAttribute('type', 'text');
    await user.click(screen.getByRole('button', { name: 'Hide password' }));
    expect(input).toHaveAttribute('type', 'password');
  });
});

it.each([
  ['queued', 'Waiting to send'],
  ['sent', 'Sent'],
  ['delivered', 'Delivered'],
  ['read', 'Read'],
] as const)('the icon of %s has its words', (state, words) => {
  render(DeliveryIcon, { delivery: { state } });
  expect(screen.getByRole('img', { name: words })).toBeInTheDocument();
});

it('a badge stops counting where the eye does', () => {
  render(Badge, { count: 1_200, label: '1,200 unread messages' });
  expect(screen.getByText('99+')).toBeInTheDocument();
  expect(screen.getByText('1,200 unread messages')).toBeInTheDocument();
});

describe('the form of an account', () => {
  function filled() {
    const form = new AccountFormState(false);
    form.name = '  Mila Novak ';
    form.handle = '@Mila';
    form.password = 'correct horse battery';
    return form;
  }

  it('cleans what was typed', async () => {
    let account: unknown;
    await filled().run(async (given) => (account = given));
    expect(account).toMatchObject({ name: 'Mila Novak', handle: 'mila', password: 'correct horse battery' });
  });

  it('says what is wrong before the server is asked', async () => {
    const form = filled();
    form.handle = '.x';
    form.password = 'short';
    await form.run(() => expect.unreachable());
    expect(Object.keys(form.errors).sort()).toEqual(['handle', 'password']);
  });

  it('puts what the server says beside the field that it is about', async () => {
    const form = filled();
    const refuse = (code: string, field: string | null) => () =>
      Promise.reject(new CommandFailure({ code, field, retry: 'never', retry_after_ms: null }));
    await form.run(refuse('handle_taken', null));
    expect(form.errors.handle).toBe('This username is taken. Try another one.');
    await form.run(refuse('invalid_field', 'account.name'));
    expect(form.errors).toEqual({ name: 'Use 1 to 64 characters.' });
    await form.run(refuse('offline', null));
    expect(form.failure).toMatch(/cannot be reached/);
    expect(form.busy).toBe(false);
  });
});
