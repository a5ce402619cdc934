// One chaos run: everything at once, then peace, then the whole history is checked.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { minutes } from '@rackwright/domain/durations.ts';
import { checkHistory, type Violation } from '../../test/chaos/check-history.ts';
import type { ChaosQueueKind } from './chaos-queue.ts';
import { startChaosSite, type ChaosSite } from './chaos-site.ts';
import { operateAtRandom, settle } from './operate-servers.ts';
import { planFaults, type ChaosSize } from './plan-faults.ts';
import { readHistory } from './read-history.ts';
import { strikeAll, type Struck } from './strike.ts';

export type ChaosReport = {
  violations: Violation[];
  /** Servers that did not come to rest after the faults had stopped. */
  unsettled: string[];
  /** How often Rackwright ended by itself while it was up: never, whatever is taken from it. */
  ownEnds: number;
  /** Of the faults, by kind. */
  struck: Struck;
  counts: Record<'events' | 'operations' | 'failed' | 'diskDeeds' | 'nodesDeleted' | 'sessionLooks' | 'sessionsSeen', number>;
  settledAfterMs: number;
};

const LEAST_DISK_DEEDS = 4;
const LIVED_MS = minutes(3);
const LOOK_MS = 200;

export type ChaosOptions = ChaosSize & { queue: ChaosQueueKind; tell: (line: string) => void; settleMs?: number };

export async function runChaos({ tell, queue, settleMs = 420_000, ...size }: ChaosOptions): Promise<ChaosReport> {
  const plan = planFaults(size);
  const site = await startChaosSite({ servers: size.servers, seed: size.seed, queue, tell });
  try {
    let over = false;
    const operating = operateAtRandom(site, size.seed, () => over);
    const struck = await strikeAll(site, plan, tell)
      .then(async (all) => {
        tell('the faults are over');
        await untilLived(site, LIVED_MS);
        return all;
      })
      .finally(() => (over = true));
    await operating;
    // Also in peace: what the last process leaves when it stops is its own, and no fault's doing.
    await site.killRackwright();
    await site.untilUp();
    const began = Date.now();
    const unsettled = await settle(site, settleMs);
    const settledAfterMs = Date.now() - began;
    await site.stopRackwright();
    return { ...(await judge(site)), struck, unsettled, ownEnds: site.ownEnds(), settledAfterMs };
  } finally {
    tell(`log of Rackwright: ${keepLog(site, size.seed)}`);
    await site.close();
  }
}

async function judge({
  postgres,
  journal,
  deletedNodes,
  sessionLooks,
}: ChaosSite): Promise<Pick<ChaosReport, 'violations' | 'counts'>> {
  const written = await readHistory(postgres.url);
  const violations = checkHistory({ ...written, journal, deletedNodes, sessionLooks, readAt: Date.now() });
  const counts = {
    events: written.events.length,
    operations: written.operations.length,
    failed: written.operations.filter(({ state }) => state === 'failed').length,
    diskDeeds: journal.filter(({ what }) => what === 'disk').length,
    nodesDeleted: deletedNodes.length,
    sessionLooks: sessionLooks.length,
    sessionsSeen: sessionLooks.reduce((sum, { bmcs }) => sum + bmcs.reduce((many, { sessions }) => many + sessions.length, 0), 0),
  };
  return { violations, counts };
}

/** On a slow machine little gets done while everything fails, and a run in which no node came and went proves nothing. */
async function untilLived({ journal, deletedNodes }: ChaosSite, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  const lived = (): boolean =>
    deletedNodes.length > 0 && journal.filter(({ what }) => what === 'disk').length >= LEAST_DISK_DEEDS;
  while (!lived() && Date.now() < end) await pause(LOOK_MS);
}

/** Kept, because a failing run is looked at afterwards. */
function keepLog({ logFile }: ChaosSite, seed: number): string {
  const folder = join(import.meta.dirname, '../../.rackwright/chaos');
  mkdirSync(folder, { recursive: true });
  const kept = join(folder, `seed-${seed}.log`);
  copyFileSync(logFile, kept);
  return kept;
}
