// What can be told of a workflow beforehand. A planner is a few lines of facts about its workflow; planning itself is done elsewhere.
import type { DrainPolicy } from '../../drain.ts';
import type { Facts } from '../../errors.ts';
import type { PlanSubject, PlanWorld } from '../plan-subject.ts';

export type Blocked = { code: string; facts: Facts };
export type DiskDeed = { serial: string; name: string; model: string; sizeBytes: number; deed: 'write' | 'erase' };

/** Checked by the API against the schema of the operation's type. */
export type Params = Readonly<Record<string, unknown>>;

export type Planner = {
  /** Does a serving node go away, and does it come back by itself? */
  takesOut: 'for_good' | 'meanwhile' | 'no';
  /** How pods are asked to leave a Ready node first; undefined when they are not. */
  drain: (params: Params) => DrainPolicy['policy'] | undefined;
  /** Told while none of it was measured on this site. */
  defaultMinutes: number;
  /** In their order, as they stand in the operation; steps that only misfortune brings are left out. */
  steps: (subject: PlanSubject, params: Params, world: PlanWorld) => string[];
  disks: (subject: PlanSubject, params: Params, world: PlanWorld) => DiskDeed[];
  /** What the workflow itself would refuse, beside the life-cycle table and what every operation needs. */
  refusals: (subject: PlanSubject, params: Params, world: PlanWorld) => Blocked[];
};

export const blockedBy = (code: string, facts: Facts): Blocked => ({ code, facts });

/** Of workflows that take `drain` among their parameters. */
export const drainAsAsked = (params: Params): DrainPolicy['policy'] =>
  (params as { drain?: DrainPolicy }).drain?.policy ?? 'wait';
