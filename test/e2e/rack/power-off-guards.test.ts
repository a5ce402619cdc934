// Before a machine goes off: etcd keeps its quorum and no volume hangs on it. Said with names, and gone on when somebody mended it.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes } from '@rackwright/domain/durations.ts';
import { type Connection, openConnection } from '@rackwright/kubernetes/http/connection.ts';
import type { OperationSeen } from '@rackwright/rackwright-app/client/api-client.ts';
import { afterEach, expect, test } from 'vitest';
import { startSimulatedSite, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

let site: SimulatedSite | undefined;
let cluster: Connection | undefined;
afterEach(async () => {
  await cluster?.close();
  await site?.close();
  site = undefined;
});

test('the only etcd member stays; then its volume holds the release until it is detached', { timeout: minutes(4) }, async () => {
  site = await startSimulatedSite(1);
  const { api, kubernetes, rack } = site;
  const { imageDigest, clusterId, servers } = site.onFile;
  const [server] = servers;
  const [machine] = rack.servers;
  if (!server || !machine) throw new Error('no server');
  await api.operate(server.id, { type: 'onboard' }, { limitMs: minutes(1) });
  await api.operate(server.id, { type: 'provision', params: { imageDigest, clusterId } }, { limitMs: minutes(1) });
  const credentials = { kind: 'token', token: kubernetes.adminToken } as const;
  const connection = openConnection({ server: kubernetes.url, serverIdentity: 'unchecked', credentials });
  cluster = connection;
  const post = (path: string, body: object) => connection.call({ method: 'POST', path, body, doing: `create ${path}` });
  const remove = (path: string) => connection.call({ method: 'DELETE', path, doing: `delete ${path}` });

  const pods = '/api/v1/namespaces/kube-system/pods';
  await post(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'etcd-0', labels: { component: 'etcd' }, annotations: { 'kubernetes.io/config.mirror': 'x' } },
    spec: { nodeName: server.name, containers: [{ name: 'etcd', image: 'none', command: ['etcd', '--name=zero'] }] },
  });
  const refused = await api.operate(server.id, { type: 'release' }, { limitMs: minutes(1) }).catch((thrown: unknown) => thrown);
  expect(String(refused)).toContain('etcd_quorum_at_risk');
  expect(await api.get(`/v1/servers/${server.id}`)).toMatchObject({ state: 'in_service' });
  expect(machine.chassis.power()).toBe('on');
  expect(kubernetes.objects('/nodes')[0]?.spec ?? {}).not.toMatchObject({ unschedulable: true });

  await remove(`${pods}/etcd-0?gracePeriodSeconds=0`);
  await untilSeen(
    'no pods',
    minutes(1),
    () => kubernetes.objects('/pods').map(({ metadata }) => metadata.name),
    ({ length }) => length === 0,
  );
  await post('/apis/storage.k8s.io/v1/volumeattachments', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: 'at-1' },
    spec: { attacher: 'disk.example', nodeName: server.name, source: { persistentVolumeName: 'pv-1' } },
  });
  const { id } = await api.post<OperationSeen>(`/v1/servers/${server.id}/operations`, { type: 'release' });
  const seen = await until(api, id, ({ waitingFor }) => waitingFor?.code === 'volumes_attached');
  expect(seen.waitingFor).toMatchObject({ params: { volumes: 1, volume: 'pv-1' }, blockers: [{ volume: 'pv-1' }] });
  expect(machine.chassis.power()).toBe('on');
  await remove('/apis/storage.k8s.io/v1/volumeattachments/at-1');
  const ended = await until(api, id, ({ done }) => done);
  expect(ended).toMatchObject({ state: 'succeeded' });
  expect(await api.get(`/v1/servers/${server.id}`)).toMatchObject({ state: 'available' });
});

async function until(
  api: SimulatedSite['api'],
  id: string,
  holds: (operation: OperationSeen) => boolean,
): Promise<OperationSeen> {
  const end = Date.now() + minutes(1.5);
  for (;;) {
    const seen = await api.get<OperationSeen>(`/v1/operations/${id}`);
    if (holds(seen)) return seen;
    if (seen.done || Date.now() > end) throw new Error(`it is ${JSON.stringify([seen.state, seen.waitingFor, seen.error])}`);
    await pause(100);
  }
}
