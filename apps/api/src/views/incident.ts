// An incident as the API shows it, with its kind's title and what to do.
import type { IncidentView } from '@rackwright/api-contract/resources/incident.ts';
import { INCIDENT_KINDS } from '@rackwright/domain/incidents.ts';
import type { IncidentRecord } from '../incident-needs.ts';

export function viewIncident(record: IncidentRecord): IncidentView {
  const { acknowledgedBy, acknowledgedAt, acknowledgedNote, closedAt, closedBecause, key: _key, ...rest } = record;
  // A row may be younger than this process.
  const entry = Object.hasOwn(INCIDENT_KINDS, record.type) ? INCIDENT_KINDS[record.type] : undefined;
  return {
    kind: 'incident',
    ...rest,
    title: entry?.title ?? record.type,
    whatToDo: entry?.toDo ?? '',
    acknowledged: acknowledgedAt === null ? null : { at: acknowledgedAt, by: acknowledgedBy ?? '', note: acknowledgedNote ?? '' },
    closed: closedAt === null ? null : { at: closedAt, because: closedBecause ?? '' },
  };
}
