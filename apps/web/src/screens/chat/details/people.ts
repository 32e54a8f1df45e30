import type { Member, MemberView, TimelineHeader } from '../../../generated/types';

/** A member of a page as the header would list them: how they are is known only of those that it lists. */
export function viewOf(member: Member, header: TimelineHeader, me: string | undefined): MemberView {
  const { user, handle, name, role, face } = member;
  const listed = header.members.find((other) => other.user === user);
  const { avatar = null, status = null } = face ?? {};
  return { user, handle, name, role, me: user === me, avatar, status, presence: listed?.presence ?? null };
}
