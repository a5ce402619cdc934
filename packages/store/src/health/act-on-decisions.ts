// What was decided is done and written down in one transaction, by the controller alone: operations, incidents, decisions.
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Decision } from '@rackwright/domain/health/decision.ts';
import { HEALTH_INCIDENT_KINDS } from '@rackwright/domain/health/health-incidents.ts';
import { SIGNAL_NAMES } from '@rackwright/domain/health/signals.ts';
import { orderForSignal } from '@rackwright/domain/work-orders/order-for-signal.ts';
import type { NewIncident } from '@rackwright/domain/incidents.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { closeIncident, openIncident } from '../incidents/open-incident.ts';
import { newId } from '../new-id.ts';
import { beginOperation, type BeginOperation } from '../operations/begin-operation.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { openWorkOrder } from '../work-orders/open-work-order.ts';
import { stillLeadsHealth } from './health-policy.ts';

export type ToBegin = Pick<BeginOperation, 'serverId' | 'event' | 'params' | 'reason'>;
export type Acts = { begin: readonly ToBegin[]; decisions: readonly Decision[]; incidents: readonly NewIncident[] };

export const HEALTH_POLICY_NAME = 'health policy';

/** @returns operations to wake, or undefined when another process is the controller: then nothing was done. */
export function actOnDecisions(database: Database, who: string, acts: Acts): Promise<OperationId[] | undefined> {
  return inTransaction(database, async (tx) => {
    if (!(await stillLeadsHealth(tx, who))) return undefined;
    const begun: OperationId[] = [];
    for (const one of acts.begin) {
      const id = await begin(tx, one);
      if (id !== undefined) begun.push(id);
    }
    await matchIncidents(tx, acts.incidents);
    await writeDecisions(tx, acts.decisions);
    return begun;
  });
}

/** Somebody else may have moved the server since it was looked at: then it is theirs. */
async function begin(tx: Transaction, { serverId, event, params, reason }: ToBegin): Promise<OperationId | undefined> {
  const id = newId('operation');
  try {
    await tx.savepoint(() => beginOperation(tx, id, { serverId, event, params, reason, requestedBy: HEALTH_POLICY_NAME }));
    return id;
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}

type Open = { key: string; facts: unknown };

/** Open afterwards are these and no others of ours; what stands open already as it should is left alone. */
async function matchIncidents(tx: Transaction, wanted: readonly NewIncident[]): Promise<void> {
  const open = await tx.query<Open>('select key, facts from incidents where closed_at is null and kind = any($1)', [
    [...HEALTH_INCIDENT_KINDS],
  ]);
  const standing = new Map(open.map(({ key, facts }) => [key, canonicalJson(facts)]));
  for (const incident of wanted) {
    if (standing.get(incident.key) !== canonicalJson(incident.facts)) {
      const { opened } = await openIncident(tx, incident);
      if (opened && incident.kind === 'hardware_failed') await sendTechnician(tx, incident);
    }
    standing.delete(incident.key);
  }
  for (const key of standing.keys()) await closeIncident(tx, key, 'its reason is gone');
}

/** Once per incident: an order that somebody cancelled is not opened again while the part still says the same. */
async function sendTechnician(tx: Transaction, { scope, facts }: NewIncident): Promise<void> {
  const signal = SIGNAL_NAMES.find((name) => name === facts['signal']);
  if (scope.kind !== 'server' || signal === undefined) return;
  const order = orderForSignal(signal, String(facts['detail'] ?? ''));
  await openWorkOrder(tx, { serverId: scope.id as ServerId, ...order, openedBy: HEALTH_POLICY_NAME });
}

/** A decision for the same reason as before keeps its time. */
async function writeDecisions(tx: Transaction, decisions: readonly Decision[]): Promise<void> {
  const rows = decisions.map(({ until, do: deed, ...rest }) => ({
    ...rest,
    deed,
    until: until === null ? null : new Date(until).toISOString(),
  }));
  await tx.query(
    `with told as (
       select t.* from jsonb_to_recordset($1::jsonb) as t("serverId" text, deed text, rung text, because text, facts jsonb, until timestamptz)
         join servers s on s.id = t."serverId"),
     gone as (delete from health_decisions where server_id <> all($2::text[]))
     insert into health_decisions as d (server_id, deed, rung, because, facts, until, since, decided_at)
     select "serverId", deed, rung, because, facts, until, clock_timestamp(), clock_timestamp() from told
     on conflict (server_id) do update
       set deed = excluded.deed, rung = excluded.rung, because = excluded.because, facts = excluded.facts, until = excluded.until,
           decided_at = excluded.decided_at, since = case when d.because = excluded.because then d.since else excluded.since end`,
    [JSON.stringify(rows), decisions.map(({ serverId }): ServerId => serverId)],
  );
}
