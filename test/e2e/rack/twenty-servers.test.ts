// The whole life of twenty simulated servers at once, over real sockets; and again with Rackwright killed in the middle of it.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';

const SERVERS = 20;
let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

test(`${SERVERS} servers: onboarded, Ready with our labels, released, erased`, { timeout: minutes(6) }, async () => {
  site = await startSimulatedSite(SERVERS);
  const { imageDigest, clusterId } = site.onFile;
  await beginAll(site, { type: 'onboard' });
  await untilAll(site, 'available', minutes(2));
  await beginAll(site, { type: 'provision', params: { imageDigest, clusterId } });
  const inService = await untilAll(site, 'in_service', minutes(2));

  const nodes = site.kubernetes.objects('/nodes');
  expect(nodes.map((node) => node.metadata.name).sort()).toEqual(inService.map(({ name }) => name).sort());
  for (const node of nodes) {
    expect(node.metadata.labels).toMatchObject({ 'topology.kubernetes.io/region': 'virtual', 'rackwright.dev/rack': 'r01' });
  }
  expect(bootstrapTokens(site)).toEqual([]);
  expect(site.rack.servers.every(({ chassis }) => chassis.power() === 'on')).toBe(true);

  await beginAll(site, { type: 'release' });
  await untilAll(site, 'available', minutes(2));
  expect(site.kubernetes.objects('/nodes')).toEqual([]);
  for (const server of site.rack.servers) {
    expect(server.chassis.power()).toBe('off');
    for (const disk of server.machine.disks) expect(disk, server.name).toMatchObject({ content: { kind: 'zero' } });
  }
});

test('Rackwright is killed three times while servers are under way: all of them arrive', { timeout: minutes(8) }, async () => {
  site = await startSimulatedSite(SERVERS);
  const { imageDigest, clusterId } = site.onFile;
  const random = seeded(20261122);
  const killSoon = async (atMost: number): Promise<void> => {
    await pause(Math.floor(random() * atMost));
    await site?.killAndRestart();
  };

  await beginAll(site, { type: 'onboard' });
  await killSoon(seconds(6));
  await untilAll(site, 'available', minutes(3));
  await beginAll(site, { type: 'provision', params: { imageDigest, clusterId } });
  await killSoon(seconds(5));
  await killSoon(seconds(8));
  await untilAll(site, 'in_service', minutes(3));
  expect(site.kubernetes.objects('/nodes')).toHaveLength(SERVERS);
  expect(bootstrapTokens(site)).toEqual([]);
});

function bootstrapTokens({ kubernetes }: SimulatedSite): unknown[] {
  return kubernetes.objects('/secrets').filter((secret) => secret['type'] === 'bootstrap.kubernetes.io/token');
}

/** Mulberry32: the same moments in every run of the test, though not of the machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
