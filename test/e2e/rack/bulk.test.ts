// Twenty servers through planned bulk operations over real sockets: one has a BMC that refuses us, the others arrive; then all leave in waves.
import { minutes } from '@rackwright/domain/durations.ts';
import { registerRack } from '@rackwright/rackwright-app/demo/register-rack.ts';
import { afterEach, expect, test } from 'vitest';
import { killOnce, spans } from './kill-once.ts';
import { type SimulatedSite, startSimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

const SERVERS = 20;
const CANARIES = 2;
let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type Plan = {
  id: string;
  total: number;
  runs: number;
  clusters: unknown[];
  failureDomains: { domain: string; serving: number }[];
};
type Bulk = { id: string; done: boolean; state: string; counts: Record<string, number>; waitingFor: { code: string } | null };
type Item = { serverName: string; state: string; wave: number; begunAt: string; endedAt: string; error: { code: string } | null };

test(`${SERVERS} servers in planned waves: onboarded but for one, in service, released within each rack's limit`, {
  timeout: minutes(6),
}, async () => {
  // Two racks of ten, so that a limit per rack has something to hold.
  const inTwoRacks: typeof registerRack = (api, servers, cluster) =>
    registerRack(
      api,
      servers.map((server, n) => ({ ...server, rack: n % 2 === 0 ? 'even' : 'odd' })),
      cluster,
    );
  const writing = new Set<string>();
  let begins: (() => void) | undefined;
  site = await startSimulatedSite(SERVERS, {
    register: inTwoRacks,
    rack: {
      journal: (entry) => {
        if (entry.what !== 'disk') return;
        writing.add(entry.server);
        begins?.();
      },
    },
  });
  const { imageDigest, clusterId } = site.onFile;
  const rackOf = new Map(site.onFile.servers.map(({ name }, n) => [name, n % 2 === 0 ? 'even' : 'odd']));
  const broken = site.onFile.servers.map(({ name }) => name).toSorted()[7] ?? '';
  await site.api.patch(`/v1/servers/name:${broken}`, { bmc: { credentials: { username: 'root', password: 'not-this-one' } } });

  const onboarded = await carryOut(site, { type: 'onboard' }, 'state=registered', { parallelism: 6, perRack: 4 });
  expect(onboarded.bulk).toMatchObject({ state: 'finished', counts: { succeeded: SERVERS - 1, failed: 1 } });
  const failed = onboarded.items.filter(({ state }) => state === 'failed');
  expect(failed).toMatchObject([{ serverName: broken, error: { code: 'bmc_auth_failed' } }]);
  expect(mostAtOnce(onboarded.items)).toBeLessThanOrEqual(6);
  const [canary, ...others] = onboarded.items.toSorted((a, b) => a.begunAt.localeCompare(b.begunAt));
  expect(canary?.wave).toBe(0);
  for (const { begunAt, wave } of others) expect([wave, begunAt >= (canary?.endedAt ?? '')]).toEqual([1, true]);

  const provision = { type: 'provision', params: { imageDigest, clusterId } };
  // Rackwright is killed as the first server of the wave after the canaries begins to write: who was begun is known, and nobody is
  // begun twice.
  const kill = killOnce(site, 'a third server is written', minutes(3));
  begins = () => writing.size > CANARIES && kill.strike();
  const [provisioned, diedAt] = await Promise.all([
    carryOut(site, provision, 'state=available', { canary: CANARIES, parallelism: 8 }),
    kill.landed(),
  ]);
  const underWay = provisioned.items.filter(({ begunAt, endedAt }) => spans(diedAt)({ from: begunAt, to: endedAt }));
  expect(underWay.map(({ serverName }) => serverName)).toContain([...writing][CANARIES]);
  expect(provisioned.bulk).toMatchObject({ state: 'finished', counts: { succeeded: SERVERS - 1, failed: 0 } });
  expect(site.kubernetes.objects('/nodes')).toHaveLength(SERVERS - 1);

  const released = await carryOut(site, { type: 'release' }, 'state=in_service', { canary: 1, parallelism: 6, perRack: 2 });
  expect(released.plan).toMatchObject({
    total: SERVERS - 1,
    runs: SERVERS - 1,
    clusters: [{ name: 'virtual', sight: 'now' }],
    failureDomains: expect.arrayContaining([
      expect.objectContaining({ domain: 'cluster', serving: SERVERS - 1, outAfter: SERVERS - 1 }),
    ]),
  });
  expect(released.bulk).toMatchObject({ state: 'finished', counts: { succeeded: SERVERS - 1 } });
  for (const rack of ['even', 'odd']) {
    const here = released.items.filter(({ serverName }) => rackOf.get(serverName) === rack);
    expect(mostAtOnce(here)).toBe(2);
  }
  expect(site.kubernetes.objects('/nodes')).toEqual([]);
});

/** Plans, looks, carries out, and waits for the end; on the way it must always say what it waits for. */
async function carryOut({ api }: SimulatedSite, operation: object, filter: string, waves: object) {
  const plan = await api.post<Plan>('/v1/plans', { operation, servers: { filter }, waves });
  const { id } = await api.post<Bulk>(`/v1/plans/${plan.id}/executions`, {});
  const look = async () => {
    const bulk = await api.get<Bulk>(`/v1/bulk-operations/${id}`);
    if ((bulk.waitingFor === null) !== bulk.done) silent.push(bulk);
    return bulk;
  };
  const silent: Bulk[] = [];
  const bulk = await untilSeen('all done', minutes(3), look, ({ done }) => done);
  expect(silent).toEqual([]);
  const { items } = await api.get<{ items: Item[] }>(`/v1/bulk-operations/${id}/items?limit=500`);
  return { plan, bulk, items };
}

/** How many ran at the same time, from when they began and ended. */
function mostAtOnce(items: readonly Item[]): number {
  return Math.max(
    ...items.map((one) => items.filter((other) => other.begunAt <= one.begunAt && one.begunAt < other.endedAt).length),
  );
}
