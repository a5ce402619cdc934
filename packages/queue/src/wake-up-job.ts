// What a job of the queue says: look at this operation. Never what to do: that stands in Postgres, and may have changed meanwhile.
import type { OperationId } from '@rackwright/domain/ids.ts';

export type WakeUpJob = {
  operationId: OperationId;
  /** How often in a row the handler threw: decides how long to wait before the next try. */
  failures: number;
};

/** A wake-up that may run, and one that becomes such a one when its time comes. */
export const NOW = 'now';
export const LATER = 'later';

/** Wake-ups of one operation that fall into the same slice of time are one. */
const SLICE_MS = 200;

/** How many milliseconds to wait, rounded up to the slice's end, so that none is ever early; and the slice's name. */
export function sliceOf(dueAt: number, now: number): { delayMs: number; slice: number } {
  const slice = Math.ceil(dueAt / SLICE_MS);
  return { delayMs: Math.max(1, slice * SLICE_MS - now), slice };
}

/** One second after the first failure, doubling up to a minute. */
export function pauseAfter(failures: number): number {
  return Math.min(60_000, 1_000 * 2 ** Math.min(failures - 1, 10));
}
