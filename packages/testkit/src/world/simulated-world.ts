// Fakes with a memory for every port the workflows have: one server, its BMC, its agent, one cluster, one clock.
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { openFakeBmc } from './fake-bmc.ts';
import { fakeBootServices } from './fake-boot-services.ts';
import { fakeCluster } from './fake-cluster.ts';
import type { World } from './world.ts';
import { Refusal } from '@rackwright/domain/errors.ts';

export const IMAGE = 'sha256-image';
export const NEWER_IMAGE = 'sha256-newer-image';

export function simulatedWorld(changes: Partial<World> = {}): { world: World; ports: Ports } {
  const world: World = { ...emptyWorld(), ...changes };
  const ports: Ports = {
    clock: { now: () => world.now },
    servers: fakeServers(world),
    ...fakeBootServices(world),
    images: {
      get: async (digest) =>
        [IMAGE, NEWER_IMAGE].includes(digest) ? { digest, sizeBytes: 1_000, rootPartition: 3, seedPartition: 2 } : undefined,
    },
    erasures: {
      record: async (_server, _operation, evidence) => void (world.erasures = evidence),
      removals: async () => world.removals,
    },
    secrets: { bootstrapToken: (operationId) => ({ id: `t-${operationId}`, secret: 'not-a-secret-here' }) },
    findings: { record: async (_server, findings) => void (world.findings = [...findings]) },
    answers: { find: async (_operation, question) => world.answers[question] },
    withBmc: async (_holder, use) => use(openFakeBmc(world)),
    connectCluster: async () => fakeCluster(world),
  };
  return { world, ports };
}

function fakeServers(world: World): Ports['servers'] {
  return {
    get: async () => structuredClone(world.server),
    findTwin: async () => world.twin,
    acceptHardware: async (_id, inspection) => void (world.server.hardware = inspection),
    async assign(_id, assignment) {
      const owner = world.server.assignment;
      if (owner && owner.nodeName !== assignment.nodeName)
        throw new Refusal('server_already_allocated', { owner: owner.nodeName });
      world.server.assignment = assignment;
    },
    async noteNodeUid(_id, nodeUid) {
      if (world.server.assignment) world.server.assignment.nodeUid = nodeUid;
    },
    unassign: async () => void (world.server.assignment = null),
  };
}

function emptyWorld(): World {
  return {
    now: Date.parse('2026-01-01T00:00:00Z'),
    server: exampleServer(),
    power: 'off',
    bmc: 'answers',
    bootOnce: 'none',
    disks: { 'SSD-1': 'foreign', 'HDD-1': 'foreign' },
    seenInspection: exampleInspection(),
    twin: undefined,
    bmcSerial: 'SN-1',
    tickets: [],
    nodes: {},
    tokens: {},
    pods: [],
    volumes: [],
    controlPlane: { etcd: [], nodes: [] },
    erasures: [],
    removals: [],
    eventLog: [],
    burnIn: 'passes',
    findings: [],
    boots: 'always',
    answers: {},
    agentOutcome: 'done',
    deeds: [],
  };
}

export function exampleInspection(): Inspection {
  const disk = (serial: string, rotational: boolean, sizeBytes: number) =>
    ({ name: 'sda', serial, wwn: '', model: 'M', sizeBytes, rotational, kind: rotational ? 'hdd' : 'ssd' }) as const;
  return {
    agentVersion: '1',
    firmwareMode: 'uefi',
    system: { manufacturer: 'Acme', product: 'R1', serial: 'SN-1', uuid: 'u', assetTag: 'A-1', biosVersion: '1' },
    cpu: { model: 'C', sockets: 1, cores: 8, threads: 16, architecture: 'x86_64' },
    memoryBytes: 64e9,
    memoryModules: [],
    disks: [disk('SSD-1', false, 4_000), disk('HDD-1', true, 9_000)],
    nics: [{ name: 'eth0', mac: '02:00:00:00:00:01', speedMbps: 25_000, linkUp: true, driver: 'd' }],
  };
}

export function exampleServer(): Server {
  return {
    id: 'srv_1',
    name: 'R1-U01',
    assetTag: 'A-1',
    serial: 'SN-1',
    state: 'registered',
    stateSince: '2026-01-01T00:00:00Z',
    version: 1,
    location: {
      siteId: 'site_1',
      siteName: 'tpe1',
      rackId: 'rck_1',
      rackName: 'R1',
      powerFeeds: ['A'],
      uPosition: 1,
      uHeight: 1,
      face: 'front',
      enclosure: null,
    },
    firmwareMode: 'uefi',
    nics: [{ mac: '02:00:00:00:00:01', name: 'eth0', boot: true }],
    networkId: 'net_1',
    address: '10.0.0.11',
    bmc: { protocol: 'redfish', address: 'https://10.9.0.1' },
    hardware: null,
    assignment: null,
    currentOperationId: 'op_1',
  };
}
