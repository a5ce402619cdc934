// Who may ask a BMC now: at most one worker at a time, be it for an operation, for a reader or for the sweep.
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import { refusalNamingHolder } from '../operations/begin-operation.ts';
import type { FencedRun } from '../operations/save-runs.ts';

/** A worker that does not beat any more asks nobody. */
const ASKED_ELSEWHERE = `exists (
  select from bmc_readings r join bmc_sweepers w on starts_with(r.asked_by, w.worker) and w.beat_until > clock_timestamp()
   where r.server_id = $1 and r.asked_until > clock_timestamp() and not starts_with(r.asked_by, $2))`;

/**
 * May this run talk to its BMC now? Refusal `operation_in_progress` unless its operation holds the server, StaleRun when another process
 * has taken the operation over. False: another worker asks it at this moment and is done in seconds. While the operation runs, no sweep
 * of another worker begins: see `claimLooks`.
 */
export async function mayTalk(database: Database, { serverId, operationId, fence }: FencedRun, worker: string): Promise<boolean> {
  const [held] = await database.query<{ asked: boolean; ours: boolean }>(
    `select ${ASKED_ELSEWHERE} as asked, o.run_fence = $4 and o.state = 'running' as ours
       from server_leases l join operations o on o.id = l.operation_id
      where l.server_id = $1 and l.operation_id = $3 and l.expires_at > now()`,
    [serverId, worker, operationId, String(fence)],
  );
  if (!held) throw await refusalNamingHolder(database, serverId);
  if (!held.ours) throw new StaleRun();
  return !held.asked;
}

/** For readers that are neither operation nor sweep: theirs until `letGoOfBmc`, or until `forMs` have passed. False: somebody else's. */
export function holdBmc(database: Database, reader: string, serverId: ServerId, forMs: number): Promise<boolean> {
  return hold(database, 'asked_until is null or asked_until < clock_timestamp()', reader, serverId, forMs);
}

/** For whoever holds it and is not done: theirs for as long again. False: it ran out, and somebody else has it. */
export function keepBmc(database: Database, reader: string, serverId: ServerId, forMs: number): Promise<boolean> {
  return hold(database, 'asked_by = $1', reader, serverId, forMs);
}

async function hold(database: Database, may: string, reader: string, serverId: ServerId, forMs: number): Promise<boolean> {
  const [row] = await database.query<{ free: boolean }>(
    `with held as (
       update bmc_readings set asked_by = $1, asked_until = clock_timestamp() + make_interval(secs => $3)
        where server_id = $2 and (${may}) returning 1)
     select exists (select from held) or not exists (select from bmc_readings where server_id = $2) as free`,
    [reader, serverId, forMs / 1000],
  );
  return row?.free ?? true;
}

export async function letGoOfBmc(database: Database, reader: string, serverId: ServerId): Promise<void> {
  await database.query('update bmc_readings set asked_by = null, asked_until = null where server_id = $2 and asked_by = $1', [
    reader,
    serverId,
  ]);
}
