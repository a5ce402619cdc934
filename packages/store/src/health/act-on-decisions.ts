// What was decided is done and written down in one transaction, by the controller alone: operations, incidents, decisions.
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Decision } from '@rackwright/domain/health/decision.ts';
import { HEALTH_INCIDENT_KINDS } from '@rackwright/domain/health/health-incidents.ts';
import { remedyFacts } from '@rackwright/domain/health/remedies.ts';
import type { NewIncident } from '@rackwright/domain/incidents.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { closeIncident, openIncident } from '../incidents/open-incident.ts';
import { newId } from '../new-id.ts';
import { beginOperation, type BeginOperation } from '../operations/begin-operation.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { beginRemedies } from './begin-remedies.ts';
import { stillLeadsHealth } from './health-policy.ts';
import { HEALTH_POLICY_NAME } from './policy-name.ts';

export type ToBegin = Pick<BeginOperation, 'serverId' | 'event' | 'params' | 'reason'>;
export type Acts = { begin: readonly ToBegin[]; decisions: readonly Decision[]; incidents: readonly NewIncident[] };

/** @returns operations to wake, or undefined when another process is the controller: then nothing was done. */
export function actOnDecisions(database: Database, who: string, acts: Acts): Promise<OperationId[] | undefined> {
  return inTransaction(database, async (tx) => {
    if (!(await stillLeadsHealth(tx, who))) return undefined;
    const begun: OperationId[] = [];
    for (const one of acts.begin) {
      const id = await begin(tx, one);
      if (id !== undefined) begun.push(id);
    }
    const decisions: Decision[] = [];
    for (const decision of acts.decisions) {
      const { remedies, wake } = await beginRemedies(tx, decision.serverId, decision.remedies);
      begun.push(...wake);
      decisions.push({ ...decision, remedies });
    }
    await matchIncidents(tx, withRemedies(acts.incidents, decisions), decisions);
    await writeDecisions(tx, decisions);
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

/** The incident of a server says what was begun and what waits for whom. One that is being re-imaged needs no person. */
function withRemedies(incidents: readonly NewIncident[], decisions: readonly Decision[]): NewIncident[] {
  const known = new Map(decisions.map((one) => [one.serverId, one]));
  return incidents.flatMap((incident) => {
    if (incident.scope.kind !== 'server') return [incident];
    const serverId = incident.scope.id as ServerId;
    const decision = known.get(serverId);
    if (decision && isReimaged(decision)) return [];
    return [{ ...incident, facts: { ...incident.facts, ...remedyFacts(serverId, decision?.remedies ?? []) } }];
  });
}

/** By the policy, and it is not over. */
const isReimaged = ({ remedies }: Decision): boolean =>
  remedies.some(({ remedy, state, facts }) => remedy === 'reimage' && state === 'begun' && !('reimage_ended' in facts));

/** Also one whose operation ended since it was judged: it is judged again. */
const wasBusy = ({ because }: Decision): boolean => because === 'operation_in_progress' || because === 'already_remediating';

type Open = { key: string; facts: unknown; scopeId: string; operationRuns: boolean };

/**
 * Open afterwards are these and no others of ours; what stands open already as it should is left alone. About a server that an operation
 * is at work on nothing is closed: whether its reason is gone shows at the end.
 */
async function matchIncidents(tx: Transaction, wanted: readonly NewIncident[], decisions: readonly Decision[]): Promise<void> {
  const open = await tx.query<Open>(
    `select key, facts, scope_id as "scopeId", scope_kind = 'server' and exists (
              select from operations o where o.server_id = scope_id and o.state = 'running') as "operationRuns"
       from incidents where closed_at is null and kind = any($1)`,
    [[...HEALTH_INCIDENT_KINDS]],
  );
  const known = new Map<string, Decision>(decisions.map((one) => [one.serverId, one]));
  const standing = new Map(open.map(({ key, facts }) => [key, canonicalJson(facts)]));
  for (const incident of wanted) {
    if (standing.get(incident.key) !== canonicalJson(incident.facts)) await openIncident(tx, incident);
    standing.delete(incident.key);
  }
  for (const { key, scopeId, operationRuns } of open) {
    const decision = known.get(scopeId);
    const isBusy = operationRuns || (decision !== undefined && wasBusy(decision));
    const needsNobody = decision !== undefined && isReimaged(decision);
    if (standing.has(key) && (!isBusy || needsNobody)) await closeIncident(tx, key, 'its reason is gone');
  }
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
       select t.* from jsonb_to_recordset($1::jsonb) as t("serverId" text, deed text, rung text, because text, facts jsonb, until timestamptz,
                                                             remedies jsonb)
         join servers s on s.id = t."serverId"),
     gone as (delete from health_decisions where server_id <> all($2::text[]))
     insert into health_decisions as d (server_id, deed, rung, because, facts, until, remedies, since, decided_at)
     select "serverId", deed, rung, because, facts, until, remedies, clock_timestamp(), clock_timestamp() from told
     on conflict (server_id) do update
       set deed = excluded.deed, rung = excluded.rung, because = excluded.because, facts = excluded.facts, until = excluded.until,
           remedies = excluded.remedies,
           decided_at = excluded.decided_at, since = case when d.because = excluded.because then d.since else excluded.since end`,
    [JSON.stringify(rows), decisions.map(({ serverId }): ServerId => serverId)],
  );
}
