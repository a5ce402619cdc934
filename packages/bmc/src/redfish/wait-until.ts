// Looks again and again until something is so: every write to a BMC ends with this, because 200 and 204 prove nothing.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation } from './conversation.ts';

export type Wanted<T> = { within: number; read: () => Promise<T>; so: (value: T) => boolean };

/** The value that was so, else undefined. A BMC that is busy or gone for a moment counts as "not yet". */
export async function waitUntil<T>({ clock, timings }: Conversation, { within, read, so }: Wanted<T>): Promise<T | undefined> {
  const until = clock.now() + within;
  for (;;) {
    const value = await read().catch((error: unknown) => {
      if (error instanceof Fault && (error.retry === 'never' || clock.now() >= until)) throw error;
      if (error instanceof Fault) return undefined;
      throw error;
    });
    if (value !== undefined && so(value)) return value;
    if (clock.now() >= until) return undefined;
    await clock.wait(timings.poll);
  }
}

/**
 * Writes and looks whether it is so. A write without an answer is looked at too: it may have been done.
 * Throws Fault; `bmc_write_unverified` when the BMC agreed and nothing came of it.
 */
export async function writeAndVerify<T>(
  conversation: Conversation,
  write: () => Promise<void>,
  wanted: Wanted<T> & { saying: (last: string) => string },
): Promise<T> {
  let lost: Fault | undefined;
  await write().catch((error: unknown) => {
    if (!(error instanceof Fault) || error.effect !== 'maybe') throw error;
    lost = error;
  });
  let last = 'nothing';
  const value = await waitUntil(conversation, {
    ...wanted,
    so: (seen) => {
      last = typeof seen === 'string' ? seen : JSON.stringify(seen);
      return wanted.so(seen);
    },
  });
  if (value !== undefined) return value;
  if (lost) throw lost;
  throw new Fault({
    code: 'bmc_write_unverified',
    doing: conversation.doing,
    retry: 'later',
    effect: 'maybe',
    cause: wanted.saying(last),
  });
}
