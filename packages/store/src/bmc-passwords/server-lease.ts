// The lease of a server for something that is no operation: nobody else powers it, changes what it boots or changes its BMC meanwhile.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import type { Transaction } from '../transaction.ts';

/** `parkedAs`: what its holder is called while nobody works on it; whoever goes on with the same work takes it over at once. */
export type HeldLease = { serverId: ServerId; holder: string; parkedAs: string };

/** The server must be locked. Prolongs what this holder has. Refusals `operation_in_progress`, `server_held`. */
export async function takeServerLease(tx: Transaction, lease: HeldLease, reason: string, forMs: number): Promise<void> {
  const { serverId, holder, parkedAs } = lease;
  const [running] = await tx.query<{ id: string }>(`select id from operations where server_id = $1 and state = 'running'`, [
    serverId,
  ]);
  if (running) throw new Refusal('operation_in_progress', { operationId: running.id });
  const taken = await tx.query(
    `insert into server_leases (server_id, operation_id, holder, reason, expires_at)
     values ($1, null, $2, $3, clock_timestamp() + make_interval(secs => $4))
     on conflict (server_id) do update
       set operation_id = null, holder = excluded.holder, reason = excluded.reason, expires_at = excluded.expires_at,
           acquired_at = case when server_leases.holder = excluded.holder then server_leases.acquired_at else clock_timestamp() end
       where server_leases.expires_at < clock_timestamp() or server_leases.holder in (excluded.holder, $5)
     returning server_id`,
    [serverId, holder, reason, forMs / 1000, parkedAs],
  );
  if (taken.length > 0) return;
  const [held] = await tx.query<{ holder: string; until: string }>(
    `select coalesce(holder, operation_id) as holder, expires_at as until from server_leases where server_id = $1`,
    [serverId],
  );
  throw new Refusal('server_held', { holder: held?.holder ?? 'somebody', until: held?.until ?? '' });
}

/** Also after it ran out, when nobody took it. Throws StaleRun when somebody has. @param forMs  from now on */
export async function prolongServerLease(
  tx: Transaction,
  { serverId, holder }: Pick<HeldLease, 'serverId' | 'holder'>,
  forMs: number,
): Promise<void> {
  const prolonged = await tx.query(
    `update server_leases set expires_at = clock_timestamp() + make_interval(secs => $3)
      where server_id = $1 and holder = $2 returning server_id`,
    [serverId, holder, forMs / 1000],
  );
  if (prolonged.length === 0) throw new StaleRun();
}

/** Nobody works on it now: the server stays held, for the same work. Throws StaleRun. */
export async function parkServerLease(tx: Transaction, lease: HeldLease, forMs: number): Promise<void> {
  await prolongServerLease(tx, lease, forMs);
  await tx.query('update server_leases set holder = $3 where server_id = $1 and holder = $2', [
    lease.serverId,
    lease.holder,
    lease.parkedAs,
  ]);
}

export async function endServerLease(
  tx: Transaction,
  { serverId, holder }: Pick<HeldLease, 'serverId' | 'holder'>,
): Promise<void> {
  await tx.query('delete from server_leases where server_id = $1 and holder = $2', [serverId, holder]);
}
