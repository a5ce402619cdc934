// What has changed between a plan and now, named one by one: anything here, and the plan is not carried out.
import type { PlanBasis } from './plan-subject.ts';

export type ChangeCode =
  | 'state_changed'
  | 'version_changed'
  | 'allocation_changed'
  | 'hardware_changed'
  | 'operation_changed'
  | 'matches_now'
  | 'matches_no_more'
  | 'cluster_changed'
  | 'params_changed';

export type PlanChange = { code: ChangeCode; serverId: string | null; name: string; message: string };

export type PlannedServer = { serverId: string; name: string; runs: boolean; basis: PlanBasis };
/** `basis` undefined: it is not on file any more, or the filter does not choose it. */
export type ServerNow = { serverId: string; name: string; basis: PlanBasis };

const NAMES: Record<keyof PlanBasis, ChangeCode> = {
  state: 'state_changed',
  version: 'version_changed',
  allocation: 'allocation_changed',
  hardware: 'hardware_changed',
  operation: 'operation_changed',
};

/** What was blocked is not begun, so what becomes of it changes nothing; what is newly chosen was never planned. */
export function serverChanges(planned: readonly PlannedServer[], now: readonly ServerNow[]): PlanChange[] {
  const seen = new Map(now.map((server) => [server.serverId, server]));
  const known = new Set(planned.map(({ serverId }) => serverId));
  const changes: PlanChange[] = [];
  for (const { serverId, name, runs, basis } of planned) {
    if (!runs) continue;
    const server = seen.get(serverId);
    if (!server) changes.push({ code: 'matches_no_more', serverId, name, message: 'is not on file, or not chosen any more' });
    else changes.push(...basisChanges(basis, server.basis).map((change) => ({ ...change, serverId, name })));
  }
  for (const { serverId, name } of now)
    if (!known.has(serverId)) changes.push({ code: 'matches_now', serverId, name, message: 'is chosen now and was not planned' });
  return changes;
}

/** @param fields  all unless told */
export function basisChanges(
  before: PlanBasis,
  now: PlanBasis,
  fields: readonly (keyof PlanBasis)[] = ['state', 'version', 'allocation', 'hardware', 'operation'],
): { code: ChangeCode; message: string }[] {
  return fields
    .filter((field) => before[field] !== now[field])
    .map((field) => ({ code: NAMES[field], message: `${field} ${before[field]} is now ${now[field]}` }));
}

/** Two lists of lines, as `sightBasis` makes them. */
export function clusterChanges(cluster: string, before: readonly string[], now: readonly string[]): PlanChange[] {
  const [was, is] = [new Set(before), new Set(now)];
  const change = (message: string): PlanChange => ({ code: 'cluster_changed', serverId: null, name: cluster, message });
  return [
    ...before.filter((line) => !is.has(line)).map((line) => change(`no more: ${line}`)),
    ...now.filter((line) => !was.has(line)).map((line) => change(`now: ${line}`)),
  ];
}
