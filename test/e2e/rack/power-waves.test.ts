// Many servers on a small feed: they are powered on in waves, and what the machines themselves saw never exceeds the budget.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { ASSUMED_DRAW, drawInWatts } from '@rackwright/domain/power/draw.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { beginAll, startSimulatedSite, untilAll, type SimulatedSite } from './simulated-site.ts';

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

test(`${SERVERS} servers on a feed of ${FEED.amps} A go on in waves within ${BUDGET_AMPS} A, also when rebooted, and all arrive`, {
  timeout: minutes(5),
}, async () => {
  const journal: PowerEntry[] = [];
  site = await startSimulatedSite(SERVERS, {
    rack: { journal: (entry) => entry.what === 'power' && journal.push(entry) },
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
});

type Wait = { code: string; params: Record<string, unknown>; since: string; unblockedBy: string };

/** Looks at what waits, as an operator would, until something waits for power. */
async function waitingForPower({ api }: SimulatedSite, limitMs: number): Promise<Wait> {
  const end = Date.now() + limitMs;
  for (;;) {
    const { items } = await api.get<{ items: { waitingFor: Wait | null }[] }>('/v1/operations?state=running&limit=100');
    const found = items.find(({ waitingFor }) => waitingFor?.code === 'power_budget')?.waitingFor;
    if (found) return found;
    if (Date.now() > end) throw new Error(`nothing waited for power within ${limitMs} ms`);
    await pause(50);
  }
}
