// What the comparison of Nodes and servers reads and writes: the servers that may be meant, the incidents, a Node that came back.
import {
  type Adoption,
  type NodeAlarm,
  alarmKey,
  alarmPrefix,
  type NodeSeen,
  type ServerOnFile,
} from '@rackwright/domain/node-alarms/compare-nodes.ts';
import type { NewIncident } from '@rackwright/domain/incidents.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { closeIncident, openIncident } from '../incidents/open-incident.ts';
import { touchServer } from '../ports/postgres-servers.ts';
import { inTransaction } from '../transaction.ts';

export type WatchedCluster = { id: ClusterId; name: string };

const KINDS = ['node_deleted_by_hand', 'node_of_released_server', 'node_without_server'] as const;

export function postgresNodeAlarms(database: Database) {
  return {
    /** Those that we can look at. */
    clusters: (): Promise<WatchedCluster[]> =>
      database.query<WatchedCluster>('select id, name from clusters where credentials_key_id is not null order by id'),

    /** The members of the cluster, and whoever the remaining Nodes may be. */
    async servers(clusterId: ClusterId, nodes: readonly NodeSeen[]): Promise<ServerOnFile[]> {
      const members = await database.query<ServerOnFile>(`${SELECT} where a.cluster_id = $1`, [clusterId]);
      const known = new Set(members.map(({ member }) => member?.nodeName));
      const unknown = nodes.filter(({ name }) => !known.has(name));
      if (unknown.length === 0) return members;
      const others = await database.query<ServerOnFile>(
        // Private addresses and names repeat from site to site: they tell only of servers that are handed out nowhere.
        `${SELECT} where a.cluster_id is distinct from $1
            and (s.id = any($2) or (a.server_id is null and (lower(s.name) = any($3) or host(s.address) = any($4))))`,
        [
          clusterId,
          unknown.flatMap(({ serverId }) => serverId ?? []),
          unknown.map(({ name }) => name.toLowerCase()),
          unknown.flatMap(({ addresses }) => addresses),
        ],
      );
      return [...members, ...others.map((server) => ({ ...server, member: null }))];
    },

    /** Keys of what is open about this cluster's Nodes. */
    async open(clusterId: ClusterId): Promise<string[]> {
      const rows = await database.query<{ key: string }>(
        `select key from incidents where closed_at is null and kind = any($1)
            and exists (select from unnest($2::text[]) prefix where starts_with(key, prefix))`,
        [KINDS, KINDS.map((kind) => alarmPrefix(kind, clusterId))],
      );
      return rows.map(({ key }) => key);
    },

    /** Of clusters that nobody can look at any more: deleted, or without credentials. */
    closeUnwatched: (): Promise<void> =>
      inTransaction(database, async (tx) => {
        const rows = await tx.query<{ key: string }>(
          `select i.key from incidents i where i.closed_at is null and i.kind = any($1) and not exists (
             select from clusters c where c.credentials_key_id is not null
               and exists (select from unnest($1::text[]) kind where starts_with(i.key, kind || ' cluster ' || c.id || ' ')))`,
          [KINDS],
        );
        for (const { key } of rows) await closeIncident(tx, key, 'its cluster was deleted, or nobody can look at it any more');
      }),

    /** One transaction: what is new is opened, what is over is closed. May be repeated. */
    settle: (cluster: WatchedCluster, opening: readonly NodeAlarm[], closing: readonly string[]): Promise<void> =>
      inTransaction(database, async (tx) => {
        for (const alarm of opening) await openIncident(tx, incidentOf(cluster, alarm));
        for (const key of closing) await closeIncident(tx, key, whyOver(key));
      }),

    /** The Node object that its kubelet registered anew is its Node from now on. False: meanwhile an operation is at work, or it changed. */
    adopt: ({ serverId, before, nodeUid }: Adoption): Promise<boolean> =>
      inTransaction(database, async (tx) => {
        const adopted = await tx.query(
          `update allocations a set node_uid = $3
             from servers s where s.id = a.server_id and a.server_id = $1 and a.node_uid = $2
              and not exists (select from operations o where o.server_id = s.id and o.state = 'running') returning 1`,
          [serverId, before, nodeUid],
        );
        if (adopted.length > 0) await touchServer(tx, serverId, { nodeUid });
        return adopted.length > 0;
      }),
  };
}

const SELECT = `
  select s.id, s.name, s.state::text as state, host(s.address) as address,
         case when a.server_id is not null then jsonb_build_object('nodeName', a.node_name, 'nodeUid', a.node_uid) end as member
    from servers s left join allocations a on a.server_id = s.id`;

function incidentOf(cluster: WatchedCluster, alarm: NodeAlarm): NewIncident {
  const { kind, nodeName, nodeUid } = alarm;
  const facts = { cluster: cluster.name, nodeName, nodeUid };
  const key = alarmKey(cluster.id, alarm);
  switch (kind) {
    case 'node_deleted_by_hand':
      return { kind, key, scope: { kind: 'server', id: alarm.serverId, name: alarm.serverName }, facts };
    case 'node_of_released_server':
      return {
        kind,
        key,
        scope: { kind: 'server', id: alarm.serverId, name: alarm.serverName },
        facts: { ...facts, knownBy: alarm.knownBy },
      };
    case 'node_without_server':
      // Clusters that somebody else built have Nodes of their own: worth knowing, nothing to wake anybody for.
      return { kind, key, severity: 'warning', scope: { kind: 'cluster', id: cluster.id, name: cluster.name }, facts };
  }
}

function whyOver(key: string): string {
  return key.startsWith('node_deleted_by_hand ')
    ? 'Its Node is there again, or the server is no longer in service as that Node.'
    : 'The Node is gone, or a server on file is it now.';
}
