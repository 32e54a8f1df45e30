import type { Role } from '../../generated/types';

const order: readonly Role[] = ['member', 'moderator', 'admin', 'owner'];

/** Higher is more. */
export function rankOf(role: Role): number {
  return order.indexOf(role);
}

/** The roles that the menu offers to give: those below one's own, and owner by an owner. The server decides. */
export function rolesFor(own: Role, current: Role): Role[] {
  return order.filter((role) => role !== current && (rankOf(role) < rankOf(own) || own === 'owner'));
}
