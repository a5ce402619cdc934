// An operating system is upgraded by re-imaging: other image, same name, same address, and nobody touches the data disks.
import { minutes } from '@rackwright/domain/durations.ts';
import type { OperationSeen } from '@rackwright/rackwright-app/client/api-client.ts';
import { standInImage } from '@rackwright/rackwright-app/demo/stand-in-files.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { afterEach, expect, test } from 'vitest';
import { killOnce } from './kill-once.ts';
import { startSimulatedSite, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type ServerSeen = { name: string; state: string; address: string; assignment: { imageDigest: string; nodeName: string } };

/** A storage server in service, with data on its disks: each content is known again by identity. */
async function storageNode(on: SimulatedSite, nodeLabels: Record<string, string> = {}) {
  const { imageDigest, clusterId, servers } = on.onFile;
  const machine = on.rack.servers.find(({ machine: { disks } }) => disks.length === 3);
  const server = servers.find(({ name }) => name === machine?.name);
  if (!server || !machine) throw new Error('no server with data disks');
  await on.api.operate(server.id, { type: 'onboard' }, { limitMs: minutes(1) });
  await on.api.operate(server.id, { type: 'provision', params: { imageDigest, clusterId, nodeLabels } }, { limitMs: minutes(1) });
  const [root, ...dataDisks] = machine.machine.disks;
  const written = dataDisks.map((disk) => (disk.content = { kind: 'foreign' }));
  const dataIsAsItWas = (): void => {
    for (const [n, disk] of dataDisks.entries()) expect(disk.content).toBe(written[n]);
  };
  return { server, machine, root, dataIsAsItWas };
}

test('a storage server is re-imaged: new system, same node, data as it was', { timeout: minutes(4) }, async () => {
  // Every fourth simulated server has two data disks.
  site = await startSimulatedSite(4);
  const { api, kubernetes } = site;
  const { server, machine, root, dataIsAsItWas } = await storageNode(site, { pool: 'storage' });
  const upgrade = await api.put<{ digest: string }>(
    '/v1/images/stand-in-2?os=simulated&rootPartition=3&seedPartition=2',
    standInImage('another root'),
  );
  const before = await api.get<ServerSeen>(`/v1/servers/${server.id}`);
  const [oldNode] = kubernetes.objects('/nodes');

  const reimage = { type: 'reimage', params: { imageDigest: upgrade.digest }, reason: 'new operating system' };
  await api.operate(server.id, reimage, { limitMs: minutes(2) });

  const after = await api.get<ServerSeen>(`/v1/servers/${server.id}`);
  expect(after).toMatchObject({
    state: 'in_service',
    name: before.name,
    address: before.address,
    assignment: { ...before.assignment, imageDigest: upgrade.digest, nodeUid: expect.any(String) },
  });
  expect(root?.content).toMatchObject({ kind: 'image', imageDigest: upgrade.digest });
  dataIsAsItWas();

  const nodes = kubernetes.objects('/nodes');
  expect(nodes).toHaveLength(1);
  const [node] = nodes;
  expect(node?.metadata.name).toBe(oldNode?.metadata.name);
  expect(node?.metadata.uid).not.toBe(oldNode?.metadata.uid);
  expect(node?.metadata.labels).toMatchObject({ pool: 'storage', 'rackwright.dev/server-id': server.id });
  expect(node?.status).toMatchObject({ addresses: expect.arrayContaining([{ type: 'InternalIP', address: before.address }]) });
  expect(node?.spec ?? {}).not.toMatchObject({ unschedulable: true });
  expect(kubernetes.objects('/secrets').filter(({ type }) => type === 'bootstrap.kubernetes.io/token')).toEqual([]);

  // It can be released as any other: then, and only then, the data goes.
  await api.operate(server.id, { type: 'release' }, { limitMs: minutes(2) });
  for (const disk of machine.machine.disks) expect(disk).toMatchObject({ content: { kind: 'zero' } });
});

test('Rackwright is killed while it re-images, three times in the middle: the node comes back all the same', {
  timeout: minutes(5),
}, async () => {
  let happens: ((entry: JournalEntry) => void) | undefined;
  site = await startSimulatedSite(4, { rack: { journal: (entry) => happens?.(entry) } });
  const { api, kubernetes } = site;
  const { server, root, dataIsAsItWas } = await storageNode(site);
  const [off, written, joined] = ['it is switched off', 'its disk is written', 'its new Node joins'].map((moment) =>
    killOnce(site as SimulatedSite, moment, minutes(2)),
  );
  happens = (entry) => {
    if (entry.server !== server.name) return;
    if (entry.what === 'power' && entry.power === 'off') off?.strike();
    if (entry.what === 'disk' && entry.serial === root?.spec.serial) written?.strike();
  };
  const stop = kubernetes.onChange('/nodes', ({ type }) => type === 'ADDED' && joined?.strike());

  const { id } = await api.post<{ id: string }>(`/v1/servers/${server.id}/operations`, { type: 'reimage' });
  const deaths = [await off?.landed(), await written?.landed(), await joined?.landed()];
  stop();
  const ended = await untilSeen(
    'over',
    minutes(2),
    () => api.get<OperationSeen>(`/v1/operations/${id}`),
    ({ done }) => done,
  );
  expect(ended.state).toBe('succeeded');
  // Each time the step that stood in the log was the one in which it was killed; what came after it came after the death.
  expect(deaths.map((diedAt = '') => ended.steps.findLast(({ startedAt }) => startedAt < diedAt)?.name)).toEqual([
    expect.stringMatching(/power it off|see it off/),
    expect.stringContaining('write the image'),
    expect.stringMatching(/boot the installed disk|node to be Ready/),
  ]);
  expect(await api.get(`/v1/servers/${server.id}`)).toMatchObject({ state: 'in_service' });
  dataIsAsItWas();
});
