import type { Role } from '../../generated/types';

/** From the least to the most. */
export const roles: readonly Role[] = ['member', 'moderator', 'admin', 'owner'];

/** Higher is more. */
export function rankOf(role: Role): number {
  return roles.indexOf(role);
}

/** The roles that the menu offers to give: those below one's own, and owner by an owner. The server decides. */
export function rolesFor(own: Role, current: Role): Role[] {
  return roles.filter((role) => role !== current && (rankOf(role) < rankOf(own) || own === 'owner'));
}

/** The roles that one may take oneself: those below one's own, the highest first. */
export function rolesBelow(own: Role): Role[] {
  return roles.filter((role) => rankOf(role) < rankOf(own)).reverse();
}
