// Changes are made to the version that the caller saw, so that what was merged holds for what is written.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Expected } from '../needs.ts';

const MOST_TRIES = 4;

/**
 * With `If-Match: *` the change is made to whatever is there, and again when that changed meanwhile.
 * Refusal `precondition_failed` {current}.
 */
export async function changeSeen<R extends { version: number }, A>(
  expected: Expected,
  read: () => Promise<R>,
  change: (current: R, from: number) => Promise<A>,
): Promise<A> {
  for (let tries = 1; ; tries++) {
    const current = await read();
    const from = expected === 'any' ? current.version : expected;
    if (from !== current.version) throw new Refusal('precondition_failed', { expected: from, current: current.version });
    try {
      return await change(current, from);
    } catch (error) {
      const stale = error instanceof Refusal && error.code === 'precondition_failed';
      if (!stale || expected !== 'any' || tries === MOST_TRIES) throw error;
    }
  }
}
