// Faults of a whole rack over real sockets: a dead switch is one incident and no power cycle, a hung kubelet one power cycle.
import { setTimeout as pause } from 'node:timers/promises';
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { afterEach, expect, test } from 'vitest';
import { beginAll, type SimulatedSite, startSimulatedSite, untilAll } from './simulated-site.ts';

type Health = {
  state: string;
  signals: { signal: string; since: string }[];
  decision: { do: string; because: string; decidedAt: string; facts: Record<string, unknown> } | null;
  remediations: { operationId: string; state: string; powerCycles: number; requestedBy: string }[];
};
type Incident = { type: string; scope: { kind: string; name: string }; facts: Record<string, unknown>; closed: object | null };

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

/** All servers in service, nodes that are silent for so long are Unknown, and a note of every change of power from then on. */
async function serving(servers: number, policy: object): Promise<{ site: SimulatedSite; powered: JournalEntry[] }> {
  const journal: JournalEntry[] = [];
  const built = await startSimulatedSite(servers, {
    env: { RACKWRIGHT_HEALTH_SECONDS: '1' },
    rack: { journal: (entry) => void journal.push(entry), machines: { kubelet: { heartbeatMs: seconds(1) } } },
    kubernetes: { nodeGraceMs: seconds(8), sweepEveryMs: 500 },
  });
  site = built;
  await built.api.patch('/v1/health-policy', policy);
  await beginAll(built, { type: 'onboard' });
  await untilAll(built, 'available', minutes(6));
  await beginAll(built, {
    type: 'provision',
    params: { imageDigest: built.onFile.imageDigest, clusterId: built.onFile.clusterId },
  });
  await untilAll(built, 'in_service', minutes(6));
  await eventually(async () => expect(await incidents(built, 'open')).toEqual([]));
  const already = journal.length;
  return {
    site: built,
    get powered() {
      return journal.slice(already).filter(({ what }) => what === 'power');
    },
  };
}

const healthOf = (on: SimulatedSite, id: string): Promise<Health> => on.api.get<Health>(`/v1/servers/${id}/health`);
const incidents = async (on: SimulatedSite, state: 'open' | 'any'): Promise<Incident[]> =>
  (await on.api.get<{ items: Incident[] }>(`/v1/incidents?state=${state}`)).items;

async function eventually(check: () => Promise<void>, limitMs = minutes(4)): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (thrown) {
      if (Date.now() > end) throw thrown;
      await pause(300);
    }
  }
}

test('a rack switch dies: 40 servers NotReady at once are one incident, and no power cycle', {
  timeout: minutes(8),
}, async () => {
  const settleSeconds = 12;
  const started = await serving(40, { settleSeconds, domainWindowSeconds: 12, cooldownSeconds: 2 });
  const { api, rack, onFile } = started.site;
  await api.patch(`/v1/racks/name:r01`, { topOfRackSwitches: { 'tor-1': {} } });
  rack.cutSwitch('r01', true);

  // Every one of them was decided upon after its signal had stood long enough: what keeps them from being restarted is the incident.
  await eventually(async () => {
    for (const { id } of onFile.servers) {
      const { signals, decision } = await healthOf(started.site, id);
      expect(signals).toMatchObject([{ signal: 'node_silent' }]);
      expect(decision).toMatchObject({ do: 'nothing', because: 'domain_incident', facts: { servers: 40 } });
      const settledAt = Date.parse(signals[0]?.since ?? '') + seconds(settleSeconds);
      expect(Date.parse(decision?.decidedAt ?? '')).toBeGreaterThan(settledAt);
    }
  });
  expect(await incidents(started.site, 'any')).toMatchObject([
    { type: 'domain_incident', scope: { kind: 'rack', name: 'r01' }, facts: { unhealthy: 40, behind: 40, switches: 'tor-1' } },
  ]);

  rack.cutSwitch('r01', false);
  await eventually(async () => expect(await incidents(started.site, 'open')).toEqual([]));
  await untilAll(started.site, 'in_service', seconds(10));
  expect(await incidents(started.site, 'any')).toHaveLength(1);
  expect(started.powered).toEqual([]);
});

test('a single kubelet hangs: one power cycle, back in service as the same Node', { timeout: minutes(14) }, async () => {
  const started = await serving(6, { settleSeconds: 3, domainWindowSeconds: 3, cooldownSeconds: 2, bootSeconds: 120 });
  const { kubernetes, rack, onFile } = started.site;
  const machine = rack.servers[2]?.machine;
  const { id = '', name = '' } = onFile.servers[2] ?? {};
  const node = () => kubernetes.objects('/nodes').find(({ metadata }) => metadata.name === name);
  const before = node();
  machine?.hangKubelet();

  await eventually(async () => expect((await healthOf(started.site, id)).remediations).toMatchObject([{ state: 'succeeded' }]));
  await eventually(async () =>
    expect(await healthOf(started.site, id)).toMatchObject({ state: 'in_service', signals: [], decision: null }),
  );
  expect(started.powered.map(({ server, ...entry }) => [server, 'power' in entry ? entry.power : '']).slice(0, 4)).toEqual([
    [name, 'off'],
    [name, 'on'],
  ]);
  expect(node()?.metadata.uid).toBe(before?.metadata.uid);
  expect(node()?.spec).not.toHaveProperty('taints.0');

  const [remediation] = (await healthOf(started.site, id)).remediations;
  expect(remediation).toMatchObject({ powerCycles: 1, requestedBy: 'health policy' });
  const { steps } = await started.site.api.get<{ steps: { name: string; state: string }[] }>(
    `/v1/operations/${remediation?.operationId}`,
  );
  expect(steps.map((step) => step.name)).toEqual([
    'look up its cluster',
    'look at its Node',
    'restart its software where it can be asked',
    'remember to switch it on',
    'power it off to fence',
    'see it off',
    'see it off again',
    'mark its node out of service',
    'wait for its volumes to be let go',
    'switch it on',
    'take it back into service',
    'wait for the node to be Ready',
  ]);
  expect(await incidents(started.site, 'any')).toEqual([]);
});
