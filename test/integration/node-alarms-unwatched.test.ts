// Incidents about the Nodes of a cluster that nobody can look at any more: over with the cluster, and only with that one.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { incidentKey, type NewIncident } from '@rackwright/domain/incidents.ts';
import { openIncident } from '@rackwright/store/incidents/open-incident.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresNodeAlarms } from '@rackwright/store/node-alarms/node-alarm-store.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { stockInventory, type Stock } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { nodeAlarmRounds } from '@rackwright/worker-app/node-watch/raise-node-alarms.ts';
import { beforeEach, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
let clusters: { id: ClusterId; name: string }[];
const KUBECONFIG = 'apiVersion: v1';

/** Two clusters; in each a Node is missing, one runs a released server and one is nobody's. */
beforeEach(async () => {
  await db.database.query('delete from incidents');
  await db.database.query('delete from clusters');
  stock = await stockInventory(db.database);
  const settings = { apiEndpoint: 'https://10.0.0.1:6443', ca: '', kubernetesVersion: 'v1.36.0', settings: {} };
  clusters = [];
  for (const name of ['one', 'two']) {
    const { id } = await stock.inventory.clusters.create(newId('cluster'), { name, ...settings, credentials: KUBECONFIG });
    clusters.push({ id, name });
    const server = { serverId: newId('server'), serverName: `s-${name}`, nodeUid: 'uid' };
    await postgresNodeAlarms(db.database).settle(
      { id, name },
      [
        { kind: 'node_deleted_by_hand', nodeName: `deleted-${name}`, ...server },
        { kind: 'node_of_released_server', nodeName: `released-${name}`, knownBy: 'label', ...server },
        { kind: 'node_without_server', nodeName: `stranger-${name}`, nodeUid: 'uid' },
      ],
      [],
    );
  }
});

const open = async (): Promise<string[]> =>
  (
    await db.database.query<{ name: string }>(
      `select coalesce(facts->>'nodeName', kind) as name from incidents where closed_at is null order by 1`,
    )
  ).map(({ name }) => name);
const OF_ONE = ['deleted-one', 'released-one', 'stranger-one'];
const OF_TWO = ['deleted-two', 'released-two', 'stranger-two'];

/** As a worker does, to whom every cluster is out of sight: nothing of those on file is opened or closed. */
const oneRound = (): Promise<void> =>
  nodeAlarmRounds({
    store: postgresNodeAlarms(db.database),
    nodes: () => Promise.reject(new Error('out of sight')),
    node: () => Promise.reject(new Error('out of sight')),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })();

test.each([
  ['deleted', (id: ClusterId) => stock.inventory.clusters.delete(id, 'any')],
  ['without credentials', (id: ClusterId) => stock.inventory.clusters.update(id, 'any', { credentials: null })],
])('a cluster that is %s: all about its Nodes is over, and nothing else', async (_how, change) => {
  const [one] = clusters;
  if (!one) throw new Error('no cluster');
  // The controller's own, about the same cluster, and somebody else's.
  const scope = { kind: 'cluster', id: one.id, name: one.name } as const;
  const others: NewIncident[] = (['view_doubtful', 'remediation_storm'] as const).map((kind) => {
    return { kind, key: incidentKey(kind, scope), scope, facts: {} };
  });
  await inTransaction(db.database, async (tx) => {
    for (const incident of others) await openIncident(tx, incident);
  });
  const kept = [...OF_TWO, 'remediation_storm', 'view_doubtful'].sort();

  await oneRound();
  expect(await open()).toEqual([...OF_ONE, ...kept].sort());
  await change(one.id);
  await oneRound();
  expect(await open()).toEqual(kept);
  await oneRound();
  const told = await db.database.query<{ because: string }>(
    `select payload->>'because' as because from events where kind = 'incident.closed' and subject_id in (select id from incidents)`,
  );
  expect(told.map(({ because }) => because)).toEqual(OF_ONE.map(() => expect.stringContaining('its cluster was deleted')));
});
