// The sweep's side of the database, as one worker needs it.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import type { Database } from '../database.ts';
import { refusalNamingHolder } from '../operations/begin-operation.ts';
import type { FencedRun } from '../operations/save-runs.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { ASKED_ELSEWHERE, claimLooks, type DueLook, type LookLimits } from './due-looks.ts';
import { recordLooks, type RecordedLook } from './record-looks.ts';
import { admitServers, beat, leaveSweep, type SweepShare } from './sweep-shares.ts';

export type PostgresSweep = {
  beat(forMs: number): Promise<SweepShare>;
  /** New servers, and BMCs whose way in was changed. */
  admit(): Promise<void>;
  claim(share: SweepShare, limits: LookLimits, forMs: number): Promise<DueLook[]>;
  record(looks: readonly RecordedLook[]): Promise<void>;
  leave(): Promise<void>;
};

/** @param worker  unique among those that run @param runner  the name under which this process runs operations */
export function postgresSweep(database: Database, keyring: Keyring, worker: string, runner: string): PostgresSweep {
  return {
    beat: (forMs) => beat(database, worker, forMs),
    admit: () => admitServers(database),
    claim: (share, limits, forMs) => claimLooks(database, keyring, { worker, runner, ...share }, limits, forMs),
    record: (looks) => recordLooks(database, worker, looks),
    leave: () => leaveSweep(database, worker),
  };
}

export type MayTalk = 'yes' | 'asked_elsewhere';

/**
 * May this run talk to its BMC now? Refusal `operation_in_progress` unless its operation holds the server, StaleRun when another process
 * has taken the operation over. `asked_elsewhere`: another worker asks it for the sweep at this moment and is done in seconds.
 */
export async function mayTalk(database: Database, { serverId, operationId, fence }: FencedRun, worker: string): Promise<MayTalk> {
  const [held] = await database.query<{ asked: boolean; ours: boolean }>(
    `select ${ASKED_ELSEWHERE} as asked, o.run_fence = $4 and o.state = 'running' as ours
       from server_leases l join operations o on o.id = l.operation_id
      where l.server_id = $1 and l.operation_id = $3 and l.expires_at > now()`,
    [serverId, worker, operationId, String(fence)],
  );
  if (!held) throw await refusalNamingHolder(database, serverId);
  if (!held.ours) throw new StaleRun();
  return held.asked ? 'asked_elsewhere' : 'yes';
}

/** The same question of somebody who only reads and holds nothing. */
export async function mayRead(database: Database, serverId: ServerId, worker: string): Promise<MayTalk> {
  const [row] = await database.query<{ asked: boolean }>(`select ${ASKED_ELSEWHERE} as asked`, [serverId, worker]);
  return row?.asked ? 'asked_elsewhere' : 'yes';
}
