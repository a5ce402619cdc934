// Nodes and servers that disagree, against any API server: what is told, what is left alone, and when it is over.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresNodeAlarms } from '@rackwright/store/node-alarms/node-alarm-store.ts';
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { fresh, openContractWorld, type ContractWorld } from '@rackwright/testkit/kubernetes/contract/contract-cluster.ts';
import { stockInventory, type Stock, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { type ClusterConnections, clusterConnections } from '@rackwright/worker-app/cluster-connections.ts';
import { seenNode } from '@rackwright/worker-app/node-watch/node-list.ts';
import { nodeAlarmRounds } from '@rackwright/worker-app/node-watch/raise-node-alarms.ts';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

export type RealOrSimulated = { url: string; adminToken: string; caPem?: string };

type Incident = {
  id: string;
  kind: string;
  severity: string;
  scopeId: string;
  facts: Record<string, string>;
  openedAt: string;
  closedBecause: string | null;
};

const LABEL = 'rackwright.dev/server-id';
const SOON = { timeout: 60_000, interval: 100 };

export function nodeAlarmCases(start: () => Promise<RealOrSimulated>): void {
  const db = useTestDatabase();
  let stock: Stock;
  let world: ContractWorld;
  let wire: Wire;
  let clusterId: ClusterId;
  let clusters: ClusterConnections;
  let oneRound: () => Promise<void>;

  beforeAll(async () => {
    const { url, adminToken, caPem } = await start();
    world = openContractWorld({
      endpoint: { server: url, ...(caPem ? { caData: caPem } : {}), credentials: { kind: 'token', token: adminToken } },
      startKubelet: () => {
        throw new Error('nobody starts a kubelet here');
      },
      nodeGraceMs: 0,
    });
    wire = await wireTo(Number(new URL(url).port));
    const server = `${new URL(url).protocol}//127.0.0.1:${wire.port}`;
    stock = await stockInventory(db.database);
    clusterId = newId('cluster');
    const credentials = kubeconfig(server, caPem, adminToken);
    await stock.inventory.clusters.create(clusterId, {
      name: fresh('cluster'),
      apiEndpoint: server,
      ca: caPem ?? '',
      kubernetesVersion: '1',
      settings: {},
      credentials,
    });
    work();
  });
  afterEach(async () => {
    for (const { name, uid } of await world.api.nodes()) await world.api.deleteNode(name, uid);
    await db.database.query('delete from incidents');
    await db.database.query('delete from allocations');
    await db.database.query(`update servers set state = 'retired', address = null`);
  });
  afterAll(async () => {
    await clusters?.close();
    await wire?.close();
    await world?.close();
  });

  /** What a worker has; called again: a worker that was restarted. */
  function work(): void {
    clusters = clusterConnections({ read: (id) => readClusterAccess(db.database, TEST_KEYRING, id), onChange: async () => {} });
    const node = async (id: ClusterId, name: string) => {
      const found = await (await clusters.api(id)).node(name);
      return found && seenNode(found);
    };
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    oneRound = nodeAlarmRounds({ store: postgresNodeAlarms(db.database), nodes: clusters.nodes, node, log });
  }

  const incidents = (): Promise<Incident[]> =>
    db.database.query<Incident>(
      `select id, kind, severity, scope_id as "scopeId", facts, opened_at as "openedAt", closed_because as "closedBecause" from incidents order by id`,
    );
  const openKinds = async (): Promise<string[]> =>
    (await incidents()).filter(({ closedBecause }) => closedBecause === null).map(({ kind }) => kind);
  /** The watch may still be on its way: rounds until it is so. */
  const until = (check: () => Promise<void>): Promise<void> =>
    vi.waitFor(async () => {
      await oneRound();
      await check();
    }, SOON);
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 3; n++) await oneRound();
  };

  async function inService(change: { state?: ServerState } = {}): Promise<{ id: ServerId; nodeName: string; uid: string }> {
    const id = await stock.addServerIn(change.state ?? 'in_service', { name: fresh('r1-u') });
    const nodeName = (await stock.inventory.servers.get(id)).name;
    const { uid } = (await world.hand.node(nodeName, { [LABEL]: id })).metadata;
    await db.database.query(
      `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
       values ($1, $2, $3, 'sha256-0', 'disk', $4, $5)`,
      [id, clusterId, nodeName, uid, newId('operation')],
    );
    return { id, nodeName, uid };
  }

  test('a Node deleted by hand is noticed; its server stays in service; its kubelet registers again and it is over', async () => {
    const [gone, stays] = [await inService(), await inService()];
    await settled();
    expect(await incidents()).toEqual([]);

    const before = Date.now();
    await world.api.deleteNode(gone.nodeName, gone.uid);
    await until(async () => expect(await openKinds()).toEqual(['node_deleted_by_hand']));
    const [alarm] = await incidents();
    expect(alarm).toMatchObject({ scopeId: gone.id, facts: { nodeName: gone.nodeName, nodeUid: gone.uid } });
    expect(Date.parse(alarm?.openedAt ?? '')).toBeGreaterThan(before - 60_000);
    // Nothing is released because an object vanished.
    const server = await stock.inventory.servers.get(gone.id);
    expect(server).toMatchObject({
      state: 'in_service',
      assignment: { nodeName: gone.nodeName, nodeUid: gone.uid },
      currentOperationId: null,
    });
    expect((await stock.inventory.servers.get(stays.id)).state).toBe('in_service');
    // Seen again and again, it stays one incident; so it does for a worker that has just started.
    await settled();
    await clusters.close();
    work();
    await settled();
    expect((await incidents()).map(({ id }) => id)).toEqual([alarm?.id]);

    const { uid } = (await world.hand.node(gone.nodeName, { [LABEL]: gone.id })).metadata;
    await until(async () => expect(await openKinds()).toEqual([]));
    // A later release deletes the Node that is there, not the one that was.
    expect((await stock.inventory.servers.get(gone.id)).assignment?.nodeUid).toBe(uid);
    expect((await incidents())[0]?.closedBecause).toContain('Its Node is there again');
  });

  test('an operator who releases the server ends the alarm too; a server that an operation is at work on raises none', async () => {
    const { id, nodeName, uid } = await inService();
    await world.api.deleteNode(nodeName, uid);
    await until(async () => expect(await openKinds()).toEqual(['node_deleted_by_hand']));
    await db.database.query(`update servers set state = 'releasing' where id = $1`, [id]);
    await until(async () => expect(await openKinds()).toEqual([]));
    await settled();
    expect(await openKinds()).toEqual([]);
  });

  test('another Node under its name is not taken for it', async () => {
    const { id, nodeName, uid } = await inService();
    await world.api.deleteNode(nodeName, uid);
    await world.hand.node(nodeName);
    await until(async () => expect(await openKinds()).toEqual(['node_deleted_by_hand']));
    expect((await stock.inventory.servers.get(id)).assignment?.nodeUid).toBe(uid);
  });

  test('a Node appears for a server that was released: known by label, by name and by address', async () => {
    const ids = await Promise.all(
      ['by-label', 'by-name', 'by-address'].map((name) => stock.addServerIn('available', { name: fresh(name) })),
    );
    const servers = await Promise.all(ids.map((id) => stock.inventory.servers.get(id)));
    await settled();
    const labelled = await world.hand.node(fresh('renamed'), { [LABEL]: ids[0] ?? '' });
    await world.hand.node(servers[1]?.name.toLowerCase() ?? '');
    const addressed = await world.hand.node(fresh('renamed'));
    const addresses = [{ type: 'InternalIP', address: servers[2]?.address }];
    await world.hand.patch(`/api/v1/nodes/${addressed.metadata.name}/status`, { status: { addresses } });
    await until(async () => {
      const found = (await incidents()).filter(
        ({ kind, closedBecause }) => kind === 'node_of_released_server' && closedBecause === null,
      );
      const knownBy = Object.fromEntries(found.map(({ scopeId, facts }) => [scopeId, facts['knownBy']]));
      expect(knownBy).toEqual({ [ids[0] ?? '']: 'label', [ids[1] ?? '']: 'name', [ids[2] ?? '']: 'address' });
      expect(found.every(({ severity }) => severity === 'critical')).toBe(true);
    });
    for (const id of ids) expect((await stock.inventory.servers.get(id)).state).toBe('available');

    await world.api.deleteNode(labelled.metadata.name, labelled.metadata.uid);
    await until(async () => expect((await openKinds()).filter((kind) => kind === 'node_of_released_server')).toHaveLength(2));
  });

  test('a Node that no server on file is: told, and over when it is gone', async () => {
    await inService();
    const { name, uid } = (await world.hand.node(fresh('stranger'))).metadata;
    await until(async () => expect(await openKinds()).toEqual(['node_without_server']));
    expect((await incidents())[0]).toMatchObject({
      severity: 'warning',
      scopeId: clusterId,
      facts: { nodeName: name, nodeUid: uid },
    });
    await world.api.deleteNode(name, uid);
    await until(async () => expect(await openKinds()).toEqual([]));
  });

  test('while the API server is out of sight nothing opens or closes; what happened meanwhile is seen afterwards', async () => {
    const [gone, back] = [await inService(), await inService()];
    await world.api.deleteNode(back.nodeName, back.uid);
    await until(async () => expect(await openKinds()).toEqual(['node_deleted_by_hand']));
    const [first] = await incidents();

    wire.cut();
    await world.api.deleteNode(gone.nodeName, gone.uid);
    await world.hand.node(back.nodeName, { [LABEL]: back.id });
    await settled();
    expect((await incidents()).map(({ id, closedBecause }) => [id, closedBecause])).toEqual([[first?.id, null]]);

    wire.mend();
    await until(async () => {
      const [old, ...others] = await incidents();
      expect(old?.closedBecause).not.toBeNull();
      expect(others.map(({ kind, scopeId }) => [kind, scopeId])).toEqual([['node_deleted_by_hand', gone.id]]);
    });
  });
}

type Wire = { port: number; cut(): void; mend(): void; close(): Promise<void> };

/** Between Rackwright and the API server, to be cut: TLS goes through it unread. */
async function wireTo(port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend: () => (whole = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

function kubeconfig(server: string, caPem: string | undefined, token: string): string {
  const ca = caPem === undefined ? {} : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, ...ca } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
