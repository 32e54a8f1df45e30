import type { CommandError, Reply } from '../generated/types';

/** A command that did not work, for `catch`. */
export class CommandFailure extends Error {
  constructor(readonly error: CommandError) {
    super(error.code);
    this.name = 'CommandFailure';
  }
}

/** The reply, which has to be of this type; a failed one is thrown. */
export function expectReply<T extends Reply['type']>(reply: Reply, type: T): Extract<Reply, { type: T }> {
  if (reply.type === 'failed') throw new CommandFailure(reply.error);
  if (reply.type !== type) {
    throw new CommandFailure({ code: 'bad_answer', field: null, retry: 'never', retry_after_ms: null });
  }
  return reply as Extract<Reply, { type: T }>;
}
