// Patience with an end: whoever waits goes on, what was waited for is the caller's to stop.
import { Fault } from '@rackwright/domain/errors.ts';

/** Fault `bmc_unreachable` when it takes longer than `ms` milliseconds. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fault = new Fault({
      code: 'bmc_unreachable',
      doing: 'read from a BMC',
      retry: 'later',
      cause: `not done after ${ms} ms`,
    });
    timer = setTimeout(() => reject(fault), ms);
  });
  // After the end nobody listens to it any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
