// Offboarding with proof over real sockets: one server retired with certificates; one whose drain is blocked and whose BMC dies.
import { createHash } from 'node:crypto';
import { minutes } from '@rackwright/domain/durations.ts';
import { openConnection } from '@rackwright/kubernetes/http/connection.ts';
import type { OperationSeen } from '@rackwright/rackwright-app/client/api-client.ts';
import { afterEach, expect, test } from 'vitest';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

const LIMIT = minutes(1.7);
let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type Certificate = {
  certificate: { disk: { serial: string }; operation: { requestedBy: string; reason: string } };
  digest: string;
};

test('a server is retired: disks empty, off, its BMC password forgotten, a certificate per drive', {
  timeout: minutes(4),
}, async () => {
  site = await startSimulatedSite(2);
  const { api, rack } = site;
  await beginAll(site, { type: 'onboard' });
  await untilAll(site, 'available', minutes(1));
  const [server] = site.onFile.servers;
  const machine = rack.servers.find(({ name }) => name === server?.name);
  if (!server || !machine) throw new Error('no server');
  const begun = new Date().toISOString();
  await api.operate(
    server.id,
    { type: 'retire', params: { outcome: 'returned_to_vendor' }, reason: 'end of lease' },
    { limitMs: minutes(2) },
  );

  expect(await api.get(`/v1/servers/${server.id}`)).toMatchObject({
    state: 'retired',
    retiredAs: 'returned_to_vendor',
    bmc: { hasCredentials: false },
    allowedOperations: [],
  });
  expect(machine.chassis.power()).toBe('off');
  const serials = machine.machine.disks.map((disk) => {
    expect(disk).toMatchObject({ content: { kind: 'zero' } });
    return disk.spec.serial;
  });
  expect(serials.length).toBeGreaterThan(0);
  for (const serial of serials) {
    const { certificate, digest } = await api.get<Certificate>(`/v1/erasure-certificates/${encodeURIComponent(serial)}`);
    expect(certificate).toMatchObject({
      disk: { serial },
      erasure: { readBack: 'zero' },
      operation: { type: 'retire-server', requestedBy: 'operator', reason: 'end of lease' },
      server: { id: server.id, serial: machine.serial, name: machine.name },
    });
    // Written here once more, with nothing of ours, as an auditor would.
    expect(digest).toBe(`sha256-${createHash('sha256').update(sortedJson(certificate)).digest('hex')}`);
  }
  const lines = await site.text(`/v1/erasure-certificates?from=${begun}&to=${new Date(Date.now() + 1_000).toISOString()}`);
  const exported = lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as Certificate).certificate.disk.serial);
  expect(exported.sort()).toEqual(serials.sort());
  const page = await site.text(`/v1/erasure-certificates/${serials[0]}`, 'text/html');
  expect(page).toContain(`<td>${serials[0]}</td>`);
});

test('a budget blocks the drain and the BMC dies: people answer both, and the server comes back erased', {
  timeout: minutes(6),
}, async () => {
  site = await startSimulatedSite(2);
  const { api, rack, kubernetes } = site;
  const { imageDigest, clusterId, servers } = site.onFile;
  // The one with IPMI: its silence is noticed within seconds.
  const machine = rack.servers.find(({ bmc }) => bmc.protocol === 'ipmi');
  const server = servers.find(({ name }) => name === machine?.name);
  if (!server || !machine) throw new Error('no server');
  await api.operate(server.id, { type: 'onboard' }, { limitMs: minutes(1) });
  await api.operate(server.id, { type: 'provision', params: { imageDigest, clusterId } }, { limitMs: minutes(1) });
  await holdByBudget(site, machine.name.toLowerCase());

  const drain = { policy: 'ask', minutes: 1 };
  const { id } = await api.post<OperationSeen>(`/v1/servers/${server.id}/operations`, { type: 'release', params: { drain } });
  const blocked = await untilWaiting(site, id, 'operator_answer');
  expect(blocked.waitingFor?.blockers).toMatchObject([
    { pod: 'default/db-0', budget: 'default/db', blockedBy: expect.stringContaining('needs 1 healthy pods') },
  ]);
  expect(machine.chassis.power()).toBe('on');

  machine.chassis.faults.add({ match: '.', drop: true });
  await api.post(`/v1/operations/${id}/answers`, { answer: 'force' });
  await untilWaiting(site, id, 'fence_unproven');
  expect(kubernetes.objects('/nodes')).toHaveLength(1);
  expect(machine.chassis.power()).toBe('on');
  // Somebody walks there and pulls the cords.
  machine.chassis.act('off');
  await api.post(`/v1/operations/${id}/answers`, {
    answer: 'confirm_power_off',
    person: 'Chen Mei',
    evidence: 'both cords pulled',
  });
  const left = () => [...kubernetes.objects('/nodes'), ...kubernetes.objects('/pods')].map(({ metadata }) => metadata.name);
  await untilSeen('no node and no pod', LIMIT, left, ({ length }) => length === 0);
  machine.chassis.faults.clear();

  await untilSeen(
    'the release is over',
    LIMIT,
    () => api.get<OperationSeen>(`/v1/operations/${id}`),
    ({ done }) => done,
  );
  expect(await api.get(`/v1/servers/${server.id}`)).toMatchObject({ state: 'available', assignment: null });
  for (const disk of machine.machine.disks) expect(disk).toMatchObject({ content: { kind: 'zero' } });
});

/** A pod on this node that may not go: its budget wants the one there is. */
async function holdByBudget({ kubernetes }: SimulatedSite, node: string): Promise<void> {
  const credentials = { kind: 'token', token: kubernetes.adminToken } as const;
  const connection = openConnection({ server: kubernetes.url, serverIdentity: 'unchecked', credentials });
  const post = (path: string, body: object) => connection.call({ method: 'POST', path, body, doing: `create ${path}` });
  const labels = { app: 'db' };
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await post('/api/v1/namespaces/default/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db-0', labels },
    spec: { nodeName: node, containers: [{ name: 'db', image: 'none' }] },
  });
  await connection.call({
    method: 'PATCH',
    path: '/api/v1/namespaces/default/pods/db-0/status',
    body: { status },
    doing: 'say that the pod is ready',
  });
  await post('/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'db' },
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  });
  await connection.close();
}

async function untilWaiting({ api }: SimulatedSite, id: string, code: string): Promise<OperationSeen> {
  const look = () => api.get<OperationSeen>(`/v1/operations/${id}`);
  const seen = await untilSeen(code, LIMIT, look, ({ done, waitingFor }) => done || waitingFor?.code === code);
  if (seen.done) throw new Error(`it ended instead of waiting for ${code}: ${JSON.stringify(seen.error)}`);
  return seen;
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
