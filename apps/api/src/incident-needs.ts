// What the API needs of incidents; the store fits itself to it.
import type { Facts } from '@rackwright/domain/errors.ts';
import type { IncidentKind, IncidentScope, IncidentSeverity } from '@rackwright/domain/incidents.ts';
import type { IncidentId } from '@rackwright/domain/ids.ts';
import type { Page, PageRequest } from './collection-needs.ts';

export type IncidentRecord = {
  id: IncidentId;
  type: IncidentKind;
  key: string;
  severity: IncidentSeverity;
  scope: IncidentScope;
  facts: Facts;
  openedAt: string;
  acknowledgedBy: string | null;
  acknowledgedAt: string | null;
  acknowledgedNote: string | null;
  closedAt: string | null;
  closedBecause: string | null;
};

export interface Incidents {
  /** Refusal `not_found`. */
  get(id: IncidentId): Promise<IncidentRecord>;
  /** Newest first. */
  list(
    page: PageRequest,
    filter: { open?: boolean | undefined; type?: string | undefined; scopeId?: string | undefined },
  ): Promise<Page<IncidentRecord>>;
  /** The first to do so stands on file. May be repeated. Refusal `not_found`. */
  acknowledge(id: IncidentId, by: string, note: string): Promise<IncidentRecord>;
}
