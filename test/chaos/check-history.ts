// The promises that no fault may break, held against the whole history of a run.
import { STATES } from '@rackwright/domain/server-lifecycle/table.ts';
import { checkDataDisks } from './check-data-disks.ts';
import { checkDisks } from './check-disks.ts';
import { checkFences } from './check-fences.ts';
import { checkRepairs } from './check-repairs.ts';
import { checkSessions } from './check-sessions.ts';
import type { History } from './history.ts';

export type Rule =
  | 'one_owner'
  | 'one_operation'
  | 'disk_by_instruction'
  | 'data_disks_kept'
  | 'node_after_fence'
  | 'erased_before_available'
  | 'repaired_goes_back'
  | 'no_session_left'
  | 'nothing_stuck'
  | 'events_without_gap'
  | 'moves_follow_each_other';

export type Violation = { rule: Rule; server: string; says: string };

/** Everything that was broken; empty when every promise held. */
export function checkHistory(history: History): Violation[] {
  return [
    ...checkOwners(history),
    ...checkOperations(history),
    ...checkDisks(history),
    ...checkDataDisks(history),
    ...checkFences(history),
    ...checkErasures(history),
    ...checkRepairs(history),
    ...checkSessions(history),
    ...checkStuck(history),
    ...checkSequence(history),
    ...checkMoves(history),
  ];
}

/** A server belongs to one Node name at a time, and a name to one server. */
function checkOwners({ events, allocations }: History): Violation[] {
  const wrong: Violation[] = [];
  const nameOf = new Map<string, string>();
  const holderOf = new Map<string, string>();
  for (const { kind, serverId, payload, seq } of events) {
    if (kind !== 'server.updated' || serverId === null) continue;
    const { assigned } = (payload['changed'] ?? {}) as { assigned?: string | null };
    if (assigned === undefined) continue;
    const before = nameOf.get(serverId);
    if (before !== undefined && holderOf.get(before) === serverId) holderOf.delete(before);
    nameOf.delete(serverId);
    if (assigned === null) continue;
    const holder = holderOf.get(assigned);
    if (holder !== undefined)
      wrong.push({ rule: 'one_owner', server: serverId, says: `got ${assigned} at event ${seq} while ${holder} has it` });
    nameOf.set(serverId, assigned);
    holderOf.set(assigned, serverId);
  }
  for (const { serverId, nodeName } of allocations) {
    if (nameOf.get(serverId) !== nodeName)
      wrong.push({ rule: 'one_owner', server: serverId, says: `is allocated to ${nodeName}, and no event says so` });
  }
  return wrong;
}

/** The next operation of a server begins after the end of the one before. */
function checkOperations({ events }: History): Violation[] {
  const wrong: Violation[] = [];
  const running = new Map<string, string>();
  for (const { kind, serverId, operationId, seq } of events) {
    if (serverId === null || operationId === null) continue;
    const before = running.get(serverId);
    if (kind === 'operation.started') {
      if (before !== undefined)
        wrong.push({ rule: 'one_operation', server: serverId, says: `${operationId} began at event ${seq} during ${before}` });
      running.set(serverId, operationId);
    } else if (kind === 'operation.ended' && before === operationId) running.delete(serverId);
    else if (kind === 'operation.ended')
      wrong.push({ rule: 'one_operation', server: serverId, says: `${operationId} ended at event ${seq} and did not run` });
  }
  return wrong;
}

/** Each way out of `releasing` into `available` has a good record for each accepted disk, written before it. */
function checkErasures({ events, erasures, servers }: History): Violation[] {
  const wrong: Violation[] = [];
  for (const { kind, serverId, operationId, payload, at } of events) {
    if (kind !== 'server.moved' || payload['from'] !== 'releasing' || payload['to'] !== 'available') continue;
    const disks = servers.find(({ id }) => id === serverId)?.acceptedDisks ?? [];
    const erased = new Set(
      erasures
        .filter((one) => one.operationId === operationId && one.readBack === 'zero' && one.recordedAt <= at)
        .map(({ diskSerial }) => diskSerial),
    );
    const missing = disks.filter((serial) => !erased.has(serial));
    if (disks.length > 0 && missing.length === 0) continue;
    const says = `${operationId} made it available without a record for ${missing.join(', ') || 'any disk'}`;
    wrong.push({ rule: 'erased_before_available', server: serverId ?? '?', says });
  }
  return wrong;
}

/** What still runs says what it waits for and until when; what failed says why. */
function checkStuck({ operations, servers, readAt }: History): Violation[] {
  const wrong: Violation[] = [];
  const say = (server: string, says: string): void => void wrong.push({ rule: 'nothing_stuck', server, says });
  for (const { id, serverId, state, deadlineAt, waitingFor, errorCode } of operations) {
    if (state === 'running' && (deadlineAt === null || deadlineAt < readAt))
      say(serverId, `${id} runs on without a deadline ahead`);
    else if (state === 'running' && !waitingFor) say(serverId, `${id} runs and does not say what it waits for`);
    else if (state === 'running' && waitingFor && Date.parse(waitingFor.until) < readAt)
      say(serverId, `${id} waits for ${waitingFor.code} longer than until ${waitingFor.until}`);
    else if (state !== 'running' && state !== 'succeeded' && errorCode === null)
      say(serverId, `${id} ${state} and does not say why`);
  }
  const running = new Set(operations.filter(({ state }) => state === 'running').map(({ serverId }) => serverId));
  for (const { id, state } of servers) {
    if (WORKING.has(state) && !running.has(id)) say(id, `is ${state} and no operation runs`);
  }
  return wrong;
}

const WORKING = new Set(Object.entries(STATES).flatMap(([state, { kind }]) => (kind === 'working' ? [state] : [])));

function checkSequence({ events }: History): Violation[] {
  return events.flatMap(({ seq }, at): Violation[] => {
    const before = events[at - 1]?.seq;
    if (before === undefined || seq === before + 1) return [];
    return [{ rule: 'events_without_gap', server: '-', says: `after event ${before} comes ${seq}` }];
  });
}

function checkMoves({ events, servers }: History): Violation[] {
  const wrong: Violation[] = [];
  const last = new Map<string, string>();
  const say = (server: string, says: string): void => void wrong.push({ rule: 'moves_follow_each_other', server, says });
  for (const { kind, serverId, payload, seq } of events) {
    if (kind !== 'server.moved' || serverId === null) continue;
    const before = last.get(serverId);
    if (before !== undefined && before !== payload['from'])
      say(serverId, `event ${seq} moves it from ${String(payload['from'])}, it was ${before}`);
    last.set(serverId, String(payload['to']));
  }
  for (const { id, state } of servers) {
    const told = last.get(id);
    if (told !== undefined && told !== state) say(id, `is ${state}, the last event says ${told}`);
  }
  return wrong;
}
