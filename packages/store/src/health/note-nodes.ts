// What a cluster says of its Nodes, written down as signals of the servers that they are: one statement per cluster, however many.
import type { SeenSignal } from '@rackwright/domain/health/read-signals.ts';
import { familyOf, type SignalName } from '@rackwright/domain/health/signals.ts';
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export type NodeReading = { nodeName: string; controlPlane: boolean; signals: readonly SeenSignal[] };

/**
 * All Nodes of the cluster as they are now. Signals that are new begin now, those that are gone go; another signal of the same family
 * takes over its time, so that a node which goes from silent to not ready while it boots does not begin anew. May be repeated.
 */
export async function noteNodes(database: Database, clusterId: ClusterId, nodes: readonly NodeReading[]): Promise<void> {
  const told = nodes.flatMap(({ nodeName, signals }) =>
    signals.map(({ signal, detail }) => ({ nodeName, signal, detail, family: familyOf(signal) })),
  );
  await inTransaction(database, async (tx) => {
    const changed = await tx.query<Changed>(NOTE, [
      clusterId,
      JSON.stringify(told),
      nodes.map(({ nodeName }) => nodeName),
      nodes.filter(({ controlPlane }) => controlPlane).map(({ nodeName }) => nodeName),
    ]);
    tellSignals(tx, changed);
  });
}

export type Changed = { serverId: ServerId; signal: SignalName; detail: string; change: 'raised' | 'cleared' };

/** @param by  the person on whose word they are cleared */
export function tellSignals(tx: Transaction, changed: readonly Changed[], by?: string): void {
  for (const { serverId, signal, detail, change } of changed) {
    tx.emit({
      kind: `server.signal_${change}`,
      subject: { kind: 'server', id: serverId },
      serverId,
      payload: { signal, ...(change === 'raised' ? { detail } : {}), ...(by === undefined ? {} : { by }) },
    });
  }
}

// A Node of a server in service that is not in the list was deleted by somebody.
const NOTE = `
  with ours as (
    select a.server_id, a.node_name, a.node_uid, a.control_plane
      from allocations a join servers s on s.id = a.server_id
     where a.cluster_id = $1 and s.state in ('in_service', 'remediating', 'degraded')),
  listed as (select node_name, node_name = any($4::text[]) as plane from unnest($3::text[]) node_name),
  told as (
    select o.server_id, t.family, t.signal, t.detail
      from jsonb_to_recordset($2::jsonb) as t("nodeName" text, family text, signal text, detail text)
      join ours o on o.node_name = t."nodeName"
    union all
    select server_id, 'ready', 'node_gone', 'there is no Node of this name' from ours
     where node_uid is not null and not exists (select from listed l where l.node_name = ours.node_name)),
  planes as (
    update allocations a set control_plane = l.plane from ours o join listed l using (node_name)
     where a.server_id = o.server_id and o.control_plane <> l.plane),
  before as (
    select h.server_id, h.family, h.signal from health_signals h join ours using (server_id) where h.source = 'node'),
  written as (
    insert into health_signals as h (server_id, family, signal, source, detail, since)
    select server_id, family, signal, 'node', detail, clock_timestamp() from told
    on conflict (server_id, family) do update set signal = excluded.signal, detail = excluded.detail
      where (h.signal, h.detail) is distinct from (excluded.signal, excluded.detail)),
  gone as (
    delete from health_signals h using before b
     where h.server_id = b.server_id and h.family = b.family
       and not exists (select from told t where t.server_id = b.server_id and t.family = b.family))
  select server_id as "serverId", signal, detail, 'raised' as change from told t
   where not exists (select from before b where b.server_id = t.server_id and b.signal = t.signal)
  union all
  select server_id, signal, '', 'cleared' from before b
   where not exists (select from told t where t.server_id = b.server_id and t.signal = b.signal)`;
