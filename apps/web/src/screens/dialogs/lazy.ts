/** Dialogs are loaded when they are first opened, so that the first view does not wait for them. */
export const lazyConfirm = () => import('./ConfirmDialog.svelte');

export const lazyDialogs = {
  'new-chat': () => import('./NewChat.svelte'),
  'new-group': () => import('./NewGroup.svelte'),
  share: () => import('./Share.svelte'),
  'add-members': () => import('./AddMembers.svelte'),
  'new-poll': () => import('./NewPoll.svelte'),
  scheduled: () => import('./Scheduled.svelte'),
  timer: () => import('./Timer.svelte'),
  'group-settings': () => import('./GroupSettings.svelte'),
  'group-picture': () => import('./GroupPicture.svelte'),
  'group-links': () => import('./GroupLinks.svelte'),
  bans: () => import('./Bans.svelte'),
  roles: () => import('./Roles.svelte'),
  'hand-over': () => import('./HandOver.svelte'),
  invite: () => import('./Invite.svelte'),
  profile: () => import('./ProfileDialog.svelte'),
  appearance: () => import('./Appearance.svelte'),
  devices: () => import('./Devices.svelte'),
  'sign-out': () => import('./SignOut.svelte'),
} as const;
