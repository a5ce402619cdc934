// Many servers on a small feed: powered on in waves, also after a blackout and when Rackwright is killed in the middle of it. What the
// machines themselves saw never exceeds the budget.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { ASSUMED_DRAW, drawInWatts } from '@rackwright/domain/power/draw.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { afterEach, expect, test } from 'vitest';
import { killOnce } from './kill-once.ts';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';
import { untilSeen } from './until-seen.ts';

const SERVERS = 10;
/** Nine that run and one that starts; so six may start together. */
const FEED = { amps: 21, volts: 230, maxUtilisation: 80 };
const BUDGET_AMPS = 16.8;

let site: SimulatedSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

type PowerEntry = JournalEntry & { what: 'power' };

/** The highest current on the feed by the machines' own account: each draws its inrush for a while, then steadily, until it is off. */
function highestAmps(journal: readonly PowerEntry[]): number {
  const { steady, inrush, inrushSeconds } = drawInWatts(ASSUMED_DRAW);
  const wattsAt = (moment: number, index: number): number => {
    const last = new Map<string, PowerEntry>();
    for (const entry of journal.slice(0, index + 1)) last.set(entry.server, entry);
    const draws = ({ power, at }: PowerEntry) => (power === 'off' ? 0 : moment - at < seconds(inrushSeconds) ? inrush : steady);
    return [...last.values()].reduce((sum, entry) => sum + draws(entry), 0);
  };
  return Math.max(...journal.map(({ at }, index) => wattsAt(at, index) / FEED.volts));
}

test(`${SERVERS} servers on a feed of ${FEED.amps} A go on in waves within ${BUDGET_AMPS} A, also when rebooted, and again after a blackout`, {
  timeout: minutes(8),
}, async () => {
  const journal: PowerEntry[] = [];
  let onPower: (entry: PowerEntry) => unknown = () => undefined;
  site = await startSimulatedSite(SERVERS, {
    rack: {
      journal(entry) {
        if (entry.what !== 'power') return;
        journal.push(entry);
        onPower(entry);
      },
    },
  });
  const { imageDigest, clusterId } = site.onFile;
  await site.api.patch('/v1/racks/name:r01', { powerFeeds: { a: FEED, b: FEED } });

  await beginAll(site, { type: 'onboard' });
  const seen = await waitingForPower(site, minutes(1));
  expect(seen).toMatchObject({ params: { rack: 'r01', feed: 'a', why: 'inrush', askedAmps: 2.61 } });
  expect(seen.unblockedBy).toContain('having started');
  await untilAll(site, 'available', minutes(2));
  await beginAll(site, { type: 'provision', params: { imageDigest, clusterId } });
  await untilAll(site, 'in_service', minutes(2));

  expect(journal.filter(({ power }) => power === 'on')).toHaveLength(3 * SERVERS);
  expect(highestAmps(journal)).toBeLessThanOrEqual(BUDGET_AMPS);

  // The lights go out, and nobody is told.
  const [plane] = site.onFile.servers;
  if (!plane) throw new Error('no servers');
  await site.api.patch(`/v1/servers/${plane.id}`, { labels: { 'rackwright.dev/role': 'control-plane' } });
  for (const { chassis } of site.rack.servers) chassis.act('off');
  const powers = () => site?.rack.servers.map(({ chassis }) => chassis.power()) ?? [];
  await untilSeen('dark', minutes(2), powers, (all) => all.every((power) => power === 'off'));
  journal.splice(0);
  const plan = await site.api.get<{ waves: { tier: string }[]; leftOut: unknown[] }>('/v1/sites/name:virtual/cold-start-plan');
  expect(plan.waves.map(({ tier }) => tier)).toEqual(['control_plane', 'worker', 'worker', 'worker', 'worker']);
  expect(plan.leftOut).toEqual([]);

  const { id } = await site.api.post<{ id: string }>('/v1/sites/name:virtual/cold-starts', { reason: 'blackout' });
  const { api } = site;
  const look = async () => ({
    ...(await api.get<ColdStart>(`/v1/cold-starts/${id}`)),
    operations: await api.get('/v1/operations?state=running&limit=20'),
  });
  // Dead between an order and its account: the machine is on, and nobody wrote down that its start will be over.
  const kill = killOnce(site, 'a server of the second wave goes on', minutes(2));
  onPower = ({ server, power }) => power === 'on' && server !== plane.name && kill.strike();
  await kill.landed();
  const over = await untilSeen('the cold start is over', minutes(2), look, ({ state }) => state !== 'running');
  expect(over).toMatchObject({ state: 'succeeded', wave: 5 });
  expect(over.servers.map(({ state }) => state)).toEqual(Array.from({ length: SERVERS }, () => 'up'));

  const ons = journal.filter(({ power }) => power === 'on').map(({ server }) => server);
  expect(ons[0]).toBe(plane.name);
  expect(ons.toSorted()).toEqual(site.rack.servers.map(({ name }) => name).sort());
  expect(highestAmps(journal)).toBeLessThanOrEqual(BUDGET_AMPS);
  await untilAll(site, 'in_service', seconds(10));
  expect(site.kubernetes.objects('/nodes')).toHaveLength(SERVERS);
});

type ColdStart = { state: string; wave: number; servers: { state: string }[] };

type Wait = { code: string; params: Record<string, unknown>; since: string; unblockedBy: string };

/** Looks at what waits, as an operator would, until something waits for power. */
async function waitingForPower({ api }: SimulatedSite, limitMs: number): Promise<Wait> {
  const look = async () =>
    (await api.get<{ items: { waitingFor: Wait | null }[] }>('/v1/operations?state=running&limit=100')).items.flatMap(
      ({ waitingFor }) => waitingFor ?? [],
    );
  const ofPower = ({ code }: Wait): boolean => code === 'power_budget';
  const found = (await untilSeen('something waits for power', limitMs, look, (waits) => waits.some(ofPower))).find(ofPower);
  if (!found) throw new Error('what was seen is gone');
  return found;
}
