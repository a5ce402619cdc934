// Opening and closing incidents, as a part of the transaction that found the reason.
import { INCIDENT_KINDS, type IncidentScope, type NewIncident } from '@rackwright/domain/incidents.ts';
import type { IncidentId, ServerId } from '@rackwright/domain/ids.ts';
import { newId } from '../new-id.ts';
import type { Transaction } from '../transaction.ts';

/**
 * Open afterwards, with these facts. May be repeated: one that is open under this key stays the same incident, and only its first
 * opening is told.
 */
export async function openIncident(tx: Transaction, incident: NewIncident): Promise<{ id: IncidentId; opened: boolean }> {
  const { kind, key, scope, facts } = incident;
  const severity = incident.severity ?? INCIDENT_KINDS[kind].severity;
  const id = newId('incident');
  const [row] = await tx.query<{ id: IncidentId }>(
    `insert into incidents (id, kind, key, severity, scope_kind, scope_id, scope_name, facts, opened_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
     on conflict (key) where closed_at is null do update set facts = excluded.facts, severity = excluded.severity
     returning id`,
    [id, kind, key, severity, scope.kind, scope.id, scope.name, JSON.stringify(facts)],
  );
  if (!row) throw new Error(`incident ${key} was neither opened nor found`);
  const opened = row.id === id;
  if (opened) tell(tx, 'incident.opened', row.id, { kind, key, severity, scope, facts });
  return { id: row.id, opened };
}

/** Closed afterwards; false when none was open under this key. May be repeated. @param because  a sentence for people */
export async function closeIncident(tx: Transaction, key: string, because: string): Promise<boolean> {
  const [row] = await tx.query<{ id: IncidentId; kind: string; scope: IncidentScope }>(
    `update incidents set closed_at = clock_timestamp(), closed_because = $2 where key = $1 and closed_at is null
     returning id, kind, jsonb_build_object('kind', scope_kind, 'id', scope_id, 'name', scope_name) as scope`,
    [key, because],
  );
  if (row) tell(tx, 'incident.closed', row.id, { kind: row.kind, key, scope: row.scope, because });
  return row !== undefined;
}

/** One about a server belongs to the timeline of the server. */
export function tell(
  tx: Transaction,
  kind: 'incident.opened' | 'incident.acknowledged' | 'incident.closed',
  id: IncidentId,
  payload: { scope: IncidentScope } & Record<string, unknown>,
): void {
  const serverId = payload.scope.kind === 'server' ? (payload.scope.id as ServerId) : undefined;
  tx.emit({ kind, subject: { kind: 'incident', id }, serverId, payload });
}
