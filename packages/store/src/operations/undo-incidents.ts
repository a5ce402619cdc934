// An undo that was given up leaves the world as nobody wanted it, perhaps a machine that runs unattended: a person must hear of it.
import { incidentKey } from '@rackwright/domain/incidents.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { closeIncident, openIncident } from '../incidents/open-incident.ts';
import { KNOWN_POWER, KNOWN_POWER_AT, POWER_JOINS } from '../power/known-power-sql.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

type GivenUp = { step: string; because: string; name: string; power: 'on' | 'off' | null };

/** Opens one incident for the server when the operation, which is ending, gave up any undo. */
export async function openUndoIncident(tx: Transaction, ended: { operationId: OperationId; serverId: ServerId }): Promise<void> {
  const { operationId, serverId } = ended;
  const [first, ...others] = await tx.query<GivenUp>(
    `select t.name as step, t.error->>'code' as because, s.name, ${KNOWN_POWER} as power
       from operation_steps t join servers s on s.id = $2 ${POWER_JOINS}
      where t.operation_id = $1 and t.error->'facts'->>'undoGaveUp' = 'true' order by t.position desc`,
    [operationId, serverId],
  );
  if (!first) return;
  const scope = { kind: 'server', id: serverId, name: first.name } as const;
  const { step, because, power } = first;
  const facts = { operationId, step, because, others: others.length, power: power === 'off' ? 'off' : 'may be on' };
  await openIncident(tx, { kind: 'undo_gave_up', key: incidentKey('undo_gave_up', scope), scope, facts });
}

/** The reason is gone when the machine was seen off, or when a later operation came to its end. @returns how many were closed */
export async function closeUndoIncidents(database: Database): Promise<number> {
  const over = await database.query<{ key: string; off: boolean }>(
    `select i.key, coalesce(${KNOWN_POWER} = 'off' and ${KNOWN_POWER_AT} > i.opened_at, false) as off
       from incidents i join servers s on s.id = i.scope_id ${POWER_JOINS}
      where i.kind = 'undo_gave_up' and i.closed_at is null
        and ((${KNOWN_POWER} = 'off' and ${KNOWN_POWER_AT} > i.opened_at)
             or exists (select from operations o where o.server_id = s.id and o.state = 'succeeded' and o.finished_at > i.opened_at))`,
  );
  for (const { key, off } of over) {
    const because = off ? 'its BMC reports the server off' : 'a later operation on the server has succeeded';
    await inTransaction(database, (tx) => closeIncident(tx, key, because));
  }
  return over.length;
}
