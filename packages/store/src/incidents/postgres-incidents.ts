// Incidents as the API lists and acknowledges them.
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { IncidentKind, IncidentScope, IncidentSeverity } from '@rackwright/domain/incidents.ts';
import type { IncidentId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { type Page, type PageRequest, pageOf, type Work } from '../inventory/work.ts';
import { tell } from './open-incident.ts';

export type IncidentRecord = {
  id: IncidentId;
  /** Bear one that a later release wrote. */
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

export type IncidentFilter = {
  open?: boolean | undefined;
  type?: string | undefined;
  /** Id of the thing that it is about. */
  scopeId?: string | undefined;
};

const SELECT = `
  select id, kind as type, key, severity, jsonb_build_object('kind', scope_kind, 'id', scope_id, 'name', scope_name) as scope, facts,
         opened_at as "openedAt", acknowledged_by as "acknowledgedBy", acknowledged_at as "acknowledgedAt",
         acknowledged_note as "acknowledgedNote", closed_at as "closedAt", closed_because as "closedBecause"
    from incidents`;

export function postgresIncidents(work: Work) {
  return {
    get: (id: IncidentId): Promise<IncidentRecord> => get(work.read, id),

    /** Newest first: ids sort by time. */
    async list({ limit, after }: PageRequest, { open, type, scopeId }: IncidentFilter): Promise<Page<IncidentRecord>> {
      const rows = await work.read.query<IncidentRecord>(
        `${SELECT}
          where ($1::text is null or id < $1) and ($2::boolean is null or (closed_at is null) = $2)
            and ($3::text is null or kind = $3) and ($4::text is null or scope_id = $4)
          order by id desc limit $5`,
        [after, open ?? null, type ?? null, scopeId ?? null, limit + 1],
      );
      return pageOf(rows, limit, ({ id }) => id);
    },

    /** The first to do so stands on file. May be repeated, also after it was closed. Refusal `not_found`. */
    acknowledge: (id: IncidentId, by: string, note: string): Promise<IncidentRecord> =>
      work.write(async (tx) => {
        const [noted] = await tx.query<{ type: string; scope: IncidentScope }>(
          `update incidents set acknowledged_by = $2, acknowledged_at = clock_timestamp(), acknowledged_note = $3
            where id = $1 and acknowledged_at is null
           returning kind as type, jsonb_build_object('kind', scope_kind, 'id', scope_id, 'name', scope_name) as scope`,
          [id, by, note],
        );
        if (noted) tell(tx, 'incident.acknowledged', id, { kind: noted.type, scope: noted.scope, by, note });
        return get(tx, id);
      }),
  };
}

async function get(sql: Sql, id: IncidentId): Promise<IncidentRecord> {
  const [row] = await sql.query<IncidentRecord>(`${SELECT} where id = $1`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'incident', id });
  return row;
}
