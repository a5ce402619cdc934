// Emptying a node: how long we are patient, what happens then, and what is in the way.
import type { Facts } from './errors.ts';

/**
 * After `minutes` of asking politely: `wait` gives up and the node serves on; `ask` waits for a person's answer, and with
 * `forceAfterMinutes` takes as much silence for "force"; `force` goes on without the pods that stay.
 */
export type DrainPolicy =
  | { policy: 'wait'; minutes: number }
  | { policy: 'ask'; minutes: number; forceAfterMinutes?: number | undefined }
  | { policy: 'force'; minutes: number };

export const DEFAULT_DRAIN: DrainPolicy = { policy: 'wait', minutes: 60 };

export type RemainingPod = {
  namespace: string;
  name: string;
  uid: string;
  /** Since when we wait for it (RFC 3339); null when it has only just been asked to go. */
  since: string | null;
  /** Absent: it is on its way out. `budget` is `<namespace>/<name>` of the disruption budget that holds it, if one does. */
  blockedBy?: { budget: string | null; message: string };
};

const MOST_BLOCKERS = 20;

/** What people are shown: those that are held first, each with what holds it; at most twenty. */
export function drainBlockers(remaining: readonly RemainingPod[]): Facts[] {
  const held = remaining.filter((pod) => pod.blockedBy !== undefined);
  const leaving = remaining.filter((pod) => pod.blockedBy === undefined);
  return [...held, ...leaving].slice(0, MOST_BLOCKERS).map(({ namespace, name, since, blockedBy }) => ({
    pod: `${namespace}/${name}`,
    budget: blockedBy?.budget ?? null,
    blockedBy: blockedBy?.message ?? 'termination',
    since,
  }));
}
