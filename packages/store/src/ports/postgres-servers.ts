// Servers as the workflows see them.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Servers } from '@rackwright/workflows/ports.ts';
import { brokenConstraint } from '../connection-faults.ts';
import type { Database } from '../database.ts';
import { forgetRemovals } from '../inventory/disk-removals.ts';
import { lockServer } from '../servers/move-server.ts';
import { readServer } from '../servers/read-server.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export function postgresServers(database: Database): Servers {
  return {
    async get(id) {
      const {
        labels: _labels,
        createdAt: _created,
        updatedAt: _updated,
        hasBmcCredentials: _has,
        retiredAs: _retired,
        ...server
      } = await readServer(database, id);
      return server;
    },

    async findTwin(serial, except) {
      const [twin] = await database.query<{ id: ServerId; name: string }>(
        'select id, name from servers where serial = $1 and id <> $2',
        [serial, except],
      );
      return twin;
    },

    acceptHardware: (id, inspection, operationId) =>
      inTransaction(database, (tx) => acceptHardware(tx, id, inspection, operationId)),

    assign: (id, assignment, operationId) =>
      inTransaction(database, async (tx) => {
        const { clusterId, nodeName, imageDigest, rootDiskSerial, nodeUid, nodeLabels = {} } = assignment;
        const values = [id, clusterId, nodeName, imageDigest, rootDiskSerial, nodeUid, operationId, JSON.stringify(nodeLabels)];
        const taken = await refusingTakenNodeName(nodeName, () => tx.savepoint(() => tx.query(ALLOCATE, values)));
        if (taken.length === 0) {
          const [owner] = await tx.query<{ nodeName: string }>(
            'select node_name as "nodeName" from allocations where server_id = $1',
            [id],
          );
          throw new Refusal('server_already_allocated', { server: id, nodeName: owner?.nodeName ?? '' });
        }
        await touchServer(tx, id, { assigned: nodeName });
      }),

    noteNodeUid: (id, nodeUid) =>
      inTransaction(database, async (tx) => {
        await tx.query('update allocations set node_uid = $2 where server_id = $1', [id, nodeUid]);
        await touchServer(tx, id, { nodeUid });
      }),

    unassign: (id, operationId) =>
      inTransaction(database, async (tx) => {
        const freed = await tx.query(
          `delete from allocations a where server_id = $1 and (operation_id = $2 or ${HOLDS_LEASE}) returning server_id`,
          [id, operationId],
        );
        if (freed.length > 0) await touchServer(tx, id, { assigned: null });
      }),
  };
}

async function acceptHardware(tx: Transaction, id: ServerId, inspection: Inspection, operationId: OperationId): Promise<void> {
  await lockServer(tx, id);
  await tx.query(
    `insert into accepted_hardware (server_id, inspection, operation_id) values ($1, $2, $3)
     on conflict (server_id) do update
       set inspection = excluded.inspection, operation_id = excluded.operation_id, accepted_at = clock_timestamp()`,
    [id, JSON.stringify(inspection), operationId],
  );
  await forgetRemovals(tx, id, inspection);
  await touchServer(tx, id, { hardware: 'accepted' });
}

const HOLDS_LEASE = `exists (select from server_leases l where l.server_id = a.server_id and l.operation_id = $2)`;

// The operation that made an allocation may repeat it; another may take it over only while it holds the server.
const ALLOCATE = `
  insert into allocations as a (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id, node_labels)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (server_id) do update
    set cluster_id = excluded.cluster_id, node_name = excluded.node_name, image_digest = excluded.image_digest,
        root_disk_serial = excluded.root_disk_serial, node_uid = excluded.node_uid, operation_id = excluded.operation_id,
        node_labels = excluded.node_labels,
        allocated_at = case when a.operation_id = excluded.operation_id then a.allocated_at else now() end,
        seed_claimed_at = case when a.operation_id = excluded.operation_id then a.seed_claimed_at end
    where a.operation_id = excluded.operation_id or ${HOLDS_LEASE.replace('$2', 'excluded.operation_id')}
  returning server_id`;

async function refusingTakenNodeName<T>(nodeName: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (brokenConstraint(error) === 'allocations_cluster_id_node_name_key') throw new Refusal('node_name_taken', { nodeName });
    if (brokenConstraint(error) === 'allocations_cluster_id_fkey') throw new Refusal('reference_not_found', { kind: 'cluster' });
    throw error;
  }
}

/** What the server shows has changed: a new version, and an event that tells what. */
export async function touchServer(tx: Transaction, id: ServerId, changed: Record<string, unknown>): Promise<void> {
  const [row] = await tx.query<{ version: number }>(
    'update servers set version = version + 1, updated_at = clock_timestamp() where id = $1 returning version',
    [id],
  );
  if (!row) throw new Refusal('not_found', { kind: 'server', id });
  tx.emit({ kind: 'server.updated', subject: { kind: 'server', id }, serverId: id, version: row.version, payload: { changed } });
}
