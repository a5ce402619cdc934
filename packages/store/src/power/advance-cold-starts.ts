// Takes every cold start on by as much as can be done now: how its servers are, the next wave, a pause, the end. One transaction each.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ColdStartId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { type ColdStartItem, decideColdStart, POWERED_ON_STEP } from '@rackwright/domain/power/cold-start-progress.ts';
import type { Database } from '../database.ts';
import { newId } from '../new-id.ts';
import { beginErrand } from '../operations/begin-operation.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { end, pause } from './cold-starts.ts';

/** Harmless to call at any time, from any number of processes. @returns operations to wake; the sweep finds what is not woken */
export async function advanceColdStarts(database: Database): Promise<OperationId[]> {
  // Also those that were cancelled: what they had begun comes up or fails all the same.
  const open = await database.query<{ id: ColdStartId }>(
    `select id from cold_starts where state in ('running', 'paused')
     union select cold_start_id from cold_start_servers where state in ('starting', 'on') order by id`,
  );
  const begun: OperationId[] = [];
  for (const { id } of open) begun.push(...(await inTransaction(database, (tx) => advance(tx, id))));
  return begun;
}

type Locked = { state: string; acceptedWave: number; requestedBy: string; reason: string };

async function advance(tx: Transaction, id: ColdStartId): Promise<OperationId[]> {
  const [locked] = await tx.query<Locked>(
    `select state, accepted_wave as "acceptedWave", requested_by as "requestedBy", reason
       from cold_starts where id = $1 for no key update skip locked`,
    [id],
  );
  if (!locked) return [];
  await tx.query(NOTE_PROGRESS, [id, POWERED_ON_STEP]);
  if (locked.state !== 'running') return [];
  const items = await tx.query<ColdStartItem>(
    'select server_id as "serverId", tier, wave, state from cold_start_servers where cold_start_id = $1',
    [id],
  );
  const decision = decideColdStart(items, locked.acceptedWave);
  switch (decision.do) {
    case 'wait':
      return [];
    case 'pause':
      await pause(tx, id, decision.because);
      return [];
    case 'end':
      await end(tx, id, decision.as);
      return [];
    case 'begin': {
      const begun: OperationId[] = [];
      for (const serverId of decision.servers) begun.push(...(await beginOne(tx, id, serverId, locked)));
      const payload = { wave: decision.wave, servers: decision.servers.length, begun: begun.length };
      tx.emit({ kind: 'cold_start.wave_begun', subject: { kind: 'cold_start', id }, payload });
      return begun;
    }
  }
}

const NOTE_PROGRESS = `
  update cold_start_servers i
     set state = x.state, code = x.code, ended_at = x.ended_at
    from (select o.id, o.finished_at as ended_at, o.error->>'code' as code,
                 case when o.state = 'succeeded' then 'up'
                      when o.state <> 'running' then 'failed'
                      when exists (select from operation_steps p where p.operation_id = o.id and p.name = $2 and p.state = 'done') then 'on'
                      else 'starting' end as state
            from operations o) x
   where i.cold_start_id = $1 and i.state in ('starting', 'on') and x.id = i.operation_id and x.state <> i.state`;

/** What changed since the plan was made is said on the server's line; the others go on. */
async function beginOne(tx: Transaction, id: ColdStartId, serverId: ServerId, asked: Locked): Promise<OperationId[]> {
  const operationId = newId('operation');
  const reason = asked.reason === '' ? `cold start ${id}` : asked.reason;
  try {
    await tx.savepoint(() =>
      beginErrand(tx, operationId, { serverId, errand: 'power-on-server', params: {}, requestedBy: asked.requestedBy, reason }),
    );
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    await tx.query(
      `update cold_start_servers set state = 'skipped', code = $3, ended_at = clock_timestamp() where cold_start_id = $1 and server_id = $2`,
      [id, serverId, thrown.code],
    );
    return [];
  }
  await tx.query(
    `update cold_start_servers set state = 'starting', operation_id = $3, begun_at = clock_timestamp() where cold_start_id = $1 and server_id = $2`,
    [id, serverId, operationId],
  );
  return [operationId];
}
