// The whole main job on one QEMU server, through the REST API only: rack, onboard, provision to a Ready node, release, erased.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ApiClient, Json, OperationSeen } from '@rackwright/rackwright-app/client/api-client.ts';
import { minutes } from '@rackwright/domain/durations.ts';
import { MAC, SERIAL, type RealRack } from './real-rack.ts';

export type Files = { image: string; kubelet: string };
export type Timing = { operation: string; step: string; seconds: number };
type Tell = (line: string) => void;

export const NODE = 'tpe1-r1-u01';
const KUBERNETES = 'v1.20.2';

export type OnFile = { serverId: string; clusterId: string; imageDigest: string };

/** Site, rack, network, image, artifacts, cluster, server: what an operator types or imports once. */
export async function putOnFile(api: ApiClient, rack: RealRack, files: Files, firmwareMode: string): Promise<OnFile> {
  const site = await api.post<{ id: string }>('/v1/sites', { name: 'tpe1' });
  const rackRecord = await api.post<{ id: string }>('/v1/racks', {
    siteId: site.id,
    name: 'r1',
    powerFeeds: { a: { amps: 16 } },
  });
  const network = await api.post<{ id: string }>('/v1/networks', { siteId: site.id, name: 'provisioning', cidr: '10.77.0.0/24' });
  const stream = (path: string) => Readable.toWeb(createReadStream(path)) as ReadableStream;
  const image = await api.put<{ digest: string }>('/v1/images/debian?os=debian', stream(files.image));
  await api.put(`/v1/artifacts/kubelet/${KUBERNETES}`, stream(files.kubelet));
  const cluster = await api.post<{ id: string }>('/v1/clusters', {
    name: 'e2e',
    apiEndpoint: rack.controlPlane.url,
    ca: rack.controlPlane.caPem,
    kubernetesVersion: KUBERNETES,
    credentials: rack.controlPlane.kubeconfig,
    settings: { clusterDns: ['10.96.0.10'], podNetwork: { kind: 'bridge', cidr: '10.244.0.0/16' } },
  });
  const server = await api.post<{ id: string }>('/v1/servers', {
    name: NODE,
    siteId: site.id,
    serial: SERIAL,
    assetTag: 'A-QEMU-1',
    rackId: rackRecord.id,
    uPosition: 1,
    firmwareMode,
    nics: { [MAC]: { name: 'nic1', boot: true } },
    networkId: network.id,
    address: '10.77.0.31',
    bmc: { protocol: 'redfish', address: rack.bmc.url, credentials: rack.bmc.credentials },
  });
  return { serverId: server.id, clusterId: cluster.id, imageDigest: image.digest };
}

/** Runs one operation, telling each new step and each new wait as it comes; its timings at the end. */
export async function operate(api: ApiClient, serverId: string, request: Json, tell: Tell): Promise<Timing[]> {
  let last = '';
  const onChange = (seen: OperationSeen): void => {
    const step = seen.steps.at(-1);
    const line = `${String(request['type'])}: ${step?.name ?? 'begins'}${seen.waitingFor ? ` [${seen.waitingFor.code}]` : ''}`;
    if (line !== last) tell(line);
    last = line;
  };
  const { steps } = await api.operate(serverId, request, { limitMs: minutes(25), onChange });
  return steps.map((step) => ({ operation: String(request['type']), step: step.name, seconds: step.durationSeconds }));
}

/** A pod of the pause image that the node already holds: something to run, and later to evict. */
export async function runPod(rack: RealRack, image: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'guest', namespace: 'default', labels: { app: 'guest' } },
    spec: {
      nodeName: NODE,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      containers: [{ name: 'pause', image, imagePullPolicy: 'Never' }],
    },
  };
  await rack.kubectl('run', 'guest', `--image=${image}`, '--restart=Never', `--overrides=${JSON.stringify(pod)}`);
  const end = Date.now() + minutes(5);
  for (;;) {
    const ready = await rack.kubectl('wait', '--for=condition=Ready', 'pod/guest', '--timeout=15s').then(
      () => true,
      () => false,
    );
    if (ready) return;
    // A kubelet under emulation takes its time; after five minutes it is not coming.
    if (Date.now() > end) throw new Error(`the pod does not run:\n${await rack.kubectl('describe', 'pod', 'guest')}`);
  }
}

/** The whole disk, as anybody who pulls it would read it. */
export async function readsAsZero(path: string): Promise<boolean> {
  const MIB = 1024 * 1024;
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) {
    if ((chunk as Buffer).some((byte) => byte !== 0)) return false;
  }
  return true;
}

export function timingTable(timings: readonly Timing[]): string {
  const rows = timings
    .filter(({ seconds }) => seconds >= 0.05)
    .map((t) => `${t.operation.padEnd(10)} ${t.step.padEnd(44)} ${t.seconds.toFixed(1).padStart(7)} s`);
  const total = timings.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...rows, `${''.padEnd(10)} ${'all steps'.padEnd(44)} ${total.toFixed(1).padStart(7)} s`].join('\n');
}
