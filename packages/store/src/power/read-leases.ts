// Who holds which server, and what its operation waits for.
import type { OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { Sql } from '../database.ts';
import { type Page, type PageRequest, pageOf } from '../inventory/work.ts';

export type LeaseRecord = {
  server: { id: ServerId; name: string };
  rack: { id: RackId; name: string } | null;
  siteId: SiteId;
  owner: { operationId: OperationId | null; type: string; requestedBy: string };
  reason: string;
  since: string;
  expiresAt: string;
  waitingFor: WaitingFor | null;
};

export type LeaseFilter = {
  serverId?: ServerId | undefined;
  rackId?: RackId | undefined;
  siteId?: SiteId | undefined;
  waitingFor?: string | undefined;
};

/** By the ids of the servers. */
export async function listLeases(sql: Sql, { limit, after }: PageRequest, filter: LeaseFilter): Promise<Page<LeaseRecord>> {
  const { serverId, rackId, siteId, waitingFor } = filter;
  const rows = await sql.query<LeaseRecord>(
    `select jsonb_build_object('id', s.id, 'name', s.name) as server, s.site_id as "siteId",
            case when r.id is not null then jsonb_build_object('id', r.id, 'name', r.name) end as rack,
            jsonb_build_object('operationId', o.id, 'type', coalesce(o.type, 'change-bmc-password'), 'requestedBy', coalesce(o.requested_by, l.holder)) as owner,
            coalesce(nullif(o.reason, ''), l.reason) as reason, l.acquired_at as since, l.expires_at as "expiresAt",
            case when o.run_until is null or o.run_until < now() then o.waiting_for end as "waitingFor"
       from server_leases l
       join servers s on s.id = l.server_id
       left join operations o on o.id = l.operation_id
       left join racks r on r.id = s.rack_id
      where l.expires_at > now() and s.id > $1
        and ($2::text is null or s.id = $2) and ($3::text is null or s.rack_id = $3) and ($4::text is null or s.site_id = $4)
        and ($5::text is null or o.waiting_for->>'code' = $5)
      order by s.id limit $6`,
    [after ?? '', serverId ?? null, rackId ?? null, siteId ?? null, waitingFor ?? null, limit + 1],
  );
  return pageOf(rows, limit, ({ server }) => server.id);
}
