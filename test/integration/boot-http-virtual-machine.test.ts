// A simulated server against the real boot services over real sockets: power-on, inspection, image, disk boot, call home, Node.
import { createHash } from 'node:crypto';
import type { SeedValues } from '@rackwright/boot-app/http/needs.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import type { InstructionDeed } from '@rackwright/workflows/ports.ts';
import { startSimulatedKubernetes } from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { machineSpec, type MachineSpec } from '@rackwright/virtual-rack-app/machines/machine-spec.ts';
import { paceOf } from '@rackwright/virtual-rack-app/machines/pace.ts';
import { rackRelay, type RackRelay } from '@rackwright/virtual-rack-app/machines/rack-relay.ts';
import { simulatedMachine, type SimulatedMachine } from '@rackwright/virtual-rack-app/machines/simulated-machine.ts';
import { webClient, type WebClient } from '@rackwright/virtual-rack-app/machines/web-client.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BootServices, startBootServices } from './boot-http-services.ts';
import { type BootWorld, bootWorld, eventually, sha256 } from './boot-http-world.ts';

const ADDRESS = '127.77.0.11';
let world: BootWorld;
let services: BootServices;
let relay: RackRelay;
let web: WebClient;
let machines: SimulatedMachine[];

beforeEach(async () => {
  world = bootWorld();
  machines = [];
  services = await startBootServices(world);
  relay = await rackRelay({ address: '127.77.0.250', rack: 'r1', server: services.dhcp });
  web = webClient();
});

afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.close()));
  web.close();
  await relay.close();
  await services.close();
  world.close();
  expect(services.faults).toEqual([]);
});

function rackServer(change: (spec: MachineSpec) => MachineSpec = (spec) => spec) {
  const spec = change(machineSpec(4, { name: 'r1-u05', rack: 'r1', u: 5 }));
  const machine = simulatedMachine(spec, {
    rack: 'r1',
    relay,
    cutOff: () => false,
    web,
    tftpPort: services.tftpPort,
    pace: paceOf({ factor: 0, leastPause: 0.02, leastPatience: 0.05 }),
    tftpBlocks: 'all',
    chunkSample: 1,
    largestArtifact: 1_000,
    kubelet: { heartbeatMs: 200, retryMs: 50 },
  });
  machines.push(machine);
  const server = world.server({
    name: 'r1-u05',
    mac: spec.nics[0]?.mac ?? '',
    address: ADDRESS,
    firmwareMode: spec.firmwareMode,
  });
  return { machine, server, spec };
}

/** Three chunks with bytes and one of zeros. */
function image(): string {
  const frames = ['first frame', 'second frame', 'third frame'];
  const lines = frames.map((frame, n) => `chunk ${n} ${sha256(frame)} ${frame.length} ${sha256(`raw ${frame}`)}`);
  const manifest = ['rackwright-image 1', 'size 4194304', 'chunk_size 1048576', ...lines, 'zero 3', ''].join('\n');
  const digest = `sha256-${createHash('sha256').update(manifest).digest('hex')}`;
  world.file('manifests', digest, manifest);
  for (const [n, frame] of frames.entries()) world.file('chunks', `${digest} ${n}`, frame);
  return digest;
}

const write = (imageDigest: string, diskSerial: string): InstructionDeed => ({
  do: 'write_image',
  diskSerial,
  imageDigest,
  rootPartition: 3,
  seedPartition: 2,
  seed: { hostname: 'r1-u05', clusterId: null, nodeLabels: {}, bootstrapTokenFor: 'op_1' },
});

const inStage = (machine: SimulatedMachine, stage: ReturnType<SimulatedMachine['stage']>) =>
  eventually(`${stage}; console: ${machine.console().join('\n')}`, () => machine.stage() === stage);

test('from power-on to a Ready node, and off again', async () => {
  const kubernetes = await startSimulatedKubernetes({ sweepEveryMs: 100 });
  const { machine, server, spec } = rackServer();
  const { ticketId } = server.openTicket();
  machine.chassis.setBootOverride({ device: 'network', once: true, mode: 'uefi' });
  machine.chassis.act('on');

  const inspection = await eventually('it reports', () => world.inspections.get(ticketId));
  expect(inspection).toMatchObject({ firmwareMode: 'uefi', system: { serial: spec.identity.serial } });
  expect(inspection.nics[0]?.lldp).toEqual({ chassisId: 'r1', portId: 'xe-0/0/5', systemName: 'r1' });
  expect(services.tftpFiles).toContain('ipxe.efi complete');

  const kubelet = 'x'.repeat(5_000);
  const { sha256: kubeletSum = '' } = world.file('artifacts', 'kubernetes/v1.20.2/kubelet', kubelet);
  const token = { id: 'abcdef', secret: '0123456789abcdef' };
  await allowToJoin(kubernetes, token);
  const seed: SeedValues = {
    serverId: server.serverId,
    instanceId: 'srv_1-op_1',
    hostname: 'r1-u05',
    network: { kind: 'dhcp', mac: spec.nics[0]?.mac ?? '' },
    nodeAddress: ADDRESS,
    sshKeys: [],
    cluster: {
      version: { major: 1, minor: 20, patch: 2 },
      apiServerUrl: kubernetes.url,
      caPem: '',
      token,
      clusterDns: ['10.96.0.10'],
      podNetwork: { kind: 'bridge', podCidr: '10.244.5.0/24' },
      labels: { 'rackwright.dev/server-id': server.serverId },
      artifacts: [{ name: 'kubernetes/v1.20.2/kubelet', sha256: kubeletSum, program: 'kubelet' }],
    },
  };
  world.seeds.set(server.serverId, seed);
  const serial = spec.disks[0]?.serial ?? '';
  const digest = image();
  const instruction = world.give(ticketId, write(digest, serial));
  expect(await eventually('it is written', () => instruction.result)).toMatchObject({ outcome: 'done' });
  expect(instruction.progress.at(-1)).toEqual({ percent: 90, message: 'chunk 4 of 4' });
  expect(machine.disks[0]?.content).toMatchObject({ kind: 'image', imageDigest: digest });

  server.bootDisk();
  machine.chassis.setBootOverride({ device: 'disk', once: true, mode: 'uefi' });
  machine.chassis.act('reset');
  await eventually(`it calls home; console: ${machine.console().join('\n')}`, () => world.calls.length === 2);
  expect(world.calls.map(({ outcome, instanceId }) => [outcome, instanceId])).toEqual([
    ['kubelet_started', 'srv_1-op_1'],
    ['booted', 'srv_1-op_1'],
  ]);
  const node = await eventually('the node is Ready', () =>
    kubernetes.objects('/nodes').find(({ status }) => JSON.stringify(status ?? {}).includes('"KubeletReady"')),
  );
  expect(node.metadata).toMatchObject({ name: 'r1-u05', labels: { 'rackwright.dev/server-id': server.serverId } });
  expect(JSON.stringify(node.status)).toContain(`"address":"${ADDRESS}"`);

  machine.chassis.act('graceful_off');
  await eventually('it is off', () => machine.chassis.power() === 'off');
  expect(machine.stage()).toBe('off');

  // Again, by the network as its firmware's order has it: iPXE is told to start the disk, and cloud-init has nothing to do.
  machine.chassis.act('on');
  await inStage(machine, 'os');
  expect(machine.console()).toContain('Rackwright: r1-u05 starts its disk (its system is installed on its disk)');
  await machine.close();
  expect(world.calls).toHaveLength(2);
  await kubernetes.close();
});

test('the power fails while the image is written: the next boot starts over', async () => {
  const { machine, server, spec } = rackServer();
  const { ticketId } = server.openTicket();
  machine.losePowerAfterChunks(2);
  machine.chassis.act('on');
  await eventually('it reports', () => world.inspections.get(ticketId));
  const digest = image();
  world.seeds.set(server.serverId, plainSeed(server.serverId, spec));
  const instruction = world.give(ticketId, write(digest, spec.disks[0]?.serial ?? ''));
  await eventually('the power is gone', () => machine.chassis.power() === 'off');
  expect(machine.disks[0]?.content).toMatchObject({ kind: 'partial', imageDigest: digest });
  expect(instruction.result).toBeUndefined();
  machine.chassis.act('on');
  expect(await eventually('it is written', () => instruction.result)).toMatchObject({ outcome: 'done' });
});

test.each([
  ['has another serial', { reportedSerial: 'OTHER' }, { outcome: 'refused', code: 'disk_serial_mismatch' }],
  ['is broken', { broken: true }, { outcome: 'failed', code: 'write_failed' }],
  ['is too small', { sizeBytes: 1_000_000 }, { outcome: 'refused', code: 'disk_too_small' }],
])('a disk that %s is not written', async (_what, change, result) => {
  const { machine, server, spec } = rackServer((plain) => ({
    ...plain,
    disks: plain.disks.map((disk) => ({ ...disk, ...change })),
  }));
  const { ticketId } = server.openTicket();
  machine.chassis.act('on');
  const instruction = world.give(ticketId, write(image(), spec.disks[0]?.serial ?? ''));
  expect(await eventually('a result', () => instruction.result)).toMatchObject(result);
  expect(machine.disks[0]?.content.kind).toBe('foreign');
});

test('a chunk with other bytes than its checksum never counts as written', async () => {
  const { machine, server, spec } = rackServer();
  const { ticketId } = server.openTicket();
  const digest = image();
  world.file('chunks', `${digest} 1`, 'altered on the way');
  machine.chassis.act('on');
  const instruction = world.give(ticketId, write(digest, spec.disks[0]?.serial ?? ''));
  expect(await eventually('a result', () => instruction.result)).toMatchObject({ outcome: 'failed', code: 'checksum_mismatch' });
});

test('it erases its disks with evidence, and powers off when told', async () => {
  const { machine, server, spec } = rackServer();
  const { ticketId } = server.openTicket();
  machine.chassis.act('on');
  const erase = world.give(ticketId, { do: 'erase_disks', diskSerials: spec.disks.map(({ serial }) => serial) });
  expect(await eventually('erased', () => erase.result)).toMatchObject({
    outcome: 'done',
    evidence: { disks: [{ serial: spec.disks[0]?.serial, method: 'nvme_format', readBack: 'zero' }] },
  });
  expect(machine.disks[0]?.content).toEqual({ kind: 'zero' });
  world.give(ticketId, { do: 'power_off' });
  await eventually('it is off', () => machine.chassis.power() === 'off');
});

test('a withdrawn instruction is stopped', async () => {
  const { machine, server, spec } = rackServer();
  const { ticketId } = server.openTicket();
  machine.chassis.act('on');
  const instruction = world.give(ticketId, write(image(), spec.disks[0]?.serial ?? ''));
  world.needs.reports.progressed = async () => {
    instruction.withdrawn = true;
    return 'withdrawn';
  };
  await eventually('withdrawn', () => instruction.withdrawn);
  const next = world.give(ticketId, { do: 'power_off' });
  expect(await eventually('the next', () => next.result)).toMatchObject({ outcome: 'done' });
  expect(instruction.result).toBeUndefined();
});

test.each(['bios', 'uefi'] as const)(
  '%s: without a ticket and without a system there is nothing to boot',
  async (firmwareMode) => {
    const { machine } = rackServer((spec) => ({ ...spec, firmwareMode }));
    machine.chassis.act('on');
    await inStage(machine, 'no_boot_device');
    expect(world.inspections.size).toBe(0);
  },
);

test('a server that found nothing to boot tries again by itself, and gets the agent once there is one', async () => {
  const { machine, server } = rackServer();
  machine.chassis.act('on');
  await inStage(machine, 'no_boot_device');
  const { ticketId } = server.openTicket();
  expect(await eventually('it reports', () => world.inspections.get(ticketId))).toMatchObject({ firmwareMode: 'uefi' });
});

test('a BIOS server and one that boots by HTTP get the agent too', async () => {
  const { machine, server } = rackServer((spec) => ({ ...spec, firmwareMode: 'bios' }));
  const { ticketId } = server.openTicket();
  machine.chassis.act('on');
  expect(await eventually('it reports', () => world.inspections.get(ticketId))).toMatchObject({ firmwareMode: 'bios' });
  expect(services.tftpFiles).toContain('undionly.kpxe complete');

  world.inspections.clear();
  machine.chassis.setBootOverride({ device: 'http', once: true, mode: 'uefi' });
  machine.chassis.act('reset');
  expect(await eventually('it reports', () => world.inspections.get(ticketId))).toMatchObject({ firmwareMode: 'uefi' });
});

test('hard off in the middle of anything leaves nothing running', async () => {
  const { machine, server } = rackServer();
  const { ticketId } = server.openTicket();
  for (const stage of ['firmware', 'ipxe', 'agent'] as const) {
    machine.chassis.act('on');
    if (stage === 'agent') await eventually('the agent waits', () => world.waiting(ticketId) === 1);
    machine.chassis.act('off');
    await eventually('it is off', () => machine.chassis.power() === 'off' && machine.stage() === 'off');
  }
  await eventually('nobody waits', () => world.waiting(ticketId) === 0);
});

function plainSeed(serverId: SeedValues['serverId'], spec: MachineSpec): SeedValues {
  return {
    serverId,
    instanceId: 'srv_1-op_1',
    hostname: 'r1-u05',
    network: { kind: 'dhcp', mac: spec.nics[0]?.mac ?? '' },
    sshKeys: [],
  };
}

async function allowToJoin({ url, adminToken }: { url: string; adminToken: string }, token: { id: string; secret: string }) {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const answer = await fetch(`${url}/api/v1/namespaces/kube-system/secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `bootstrap-token-${token.id}` },
      type: 'bootstrap.kubernetes.io/token',
      data: {
        'token-id': encode(token.id),
        'token-secret': encode(token.secret),
        'usage-bootstrap-authentication': encode('true'),
        'auth-extra-groups': encode('system:bootstrappers:kubeadm:default-node-token'),
      },
    }),
  });
  expect(answer.status).toBe(201);
  const cluster = connectCluster({ server: url, credentials: { kind: 'token', token: adminToken } });
  await cluster.ensureBootstrapRbac();
  await cluster.close();
}
