import { part } from '../../i18n/load';

/** Dialogs are loaded when they are first opened, so that the first view does not wait for them. */
export const lazyConfirm = () => part(import('./ConfirmDialog.svelte'));

export const lazyDialogs = {
  'new-chat': () => part(import('./NewChat.svelte')),
  'new-group': () => part(import('./NewGroup.svelte')),
  share: () => part(import('./Share.svelte')),
  'add-members': () => part(import('./AddMembers.svelte')),
  'new-poll': () => part(import('./NewPoll.svelte')),
  scheduled: () => part(import('./Scheduled.svelte')),
  timer: () => part(import('./Timer.svelte')),
  'group-settings': () => part(import('./GroupSettings.svelte')),
  'group-picture': () => part(import('./GroupPicture.svelte')),
  'group-links': () => part(import('./GroupLinks.svelte')),
  bans: () => part(import('./Bans.svelte')),
  roles: () => part(import('./Roles.svelte')),
  'hand-over': () => part(import('./HandOver.svelte')),
  'get-messages': () => part(import('../handover/GetMessages.svelte')),
  'give-messages': () => part(import('../handover/GiveMessages.svelte')),
  'recovery-code': () => part(import('../recovery/RecoveryCode.svelte')),
  'enter-recovery': () => part(import('../recovery/EnterRecovery.svelte')),
  invite: () => part(import('./Invite.svelte')),
  profile: () => part(import('../settings/Settings.svelte')),
  appearance: () => part(import('../settings/Settings.svelte')),
  devices: () => part(import('../settings/Settings.svelte')),
  notifications: () => part(import('../settings/Settings.svelte')),
  settings: () => part(import('../settings/Settings.svelte')),
  shortcuts: () => part(import('./Shortcuts.svelte')),
  verify: () => part(import('./Verify.svelte')),
  report: () => part(import('./Report.svelte')),
  'sign-out': () => part(import('./SignOut.svelte')),
} as const;
