// How long to wait before a step is tried again.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { Retry } from '@rackwright/domain/errors.ts';

/** @returns milliseconds: doubling from 0.5 s to 15 s for hiccups, from 15 s to 5 min for longer trouble. */
export function backoffMs(retry: Retry, attempt: number): number {
  const doubled = 2 ** Math.min(attempt - 1, 10);
  if (retry === 'later') return Math.min(seconds(15) * doubled, minutes(5));
  return Math.min(500 * doubled, seconds(15));
}
