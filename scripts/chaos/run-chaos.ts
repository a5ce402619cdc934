// One chaos run: everything at once, then peace, then the whole history is checked.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkHistory, type Violation } from '../../test/chaos/check-history.ts';
import type { ChaosQueueKind } from './chaos-queue.ts';
import { startChaosSite, type ChaosSite } from './chaos-site.ts';
import { operateAtRandom, settle } from './operate-servers.ts';
import { planFaults, type ChaosSize } from './plan-faults.ts';
import { readHistory } from './read-history.ts';
import { seeded } from './seeded.ts';
import { strikeAll } from './strike.ts';

export type ChaosReport = {
  violations: Violation[];
  /** Servers that did not come to rest after the faults had stopped. */
  unsettled: string[];
  /** How often Rackwright ended by itself while it was up: never, whatever is taken from it. */
  ownEnds: number;
  counts: { faults: number; events: number; operations: number; failed: number; diskDeeds: number; nodesDeleted: number };
  settledAfterMs: number;
};

export type ChaosOptions = ChaosSize & { queue: ChaosQueueKind; tell: (line: string) => void; settleMs?: number };

export async function runChaos({ tell, queue, settleMs = 420_000, ...size }: ChaosOptions): Promise<ChaosReport> {
  const plan = planFaults(size);
  const site = await startChaosSite({ servers: size.servers, seed: size.seed, queue, tell });
  try {
    let over = false;
    const operating = operateAtRandom(site, seeded(size.seed + 1), () => over);
    await strikeAll(site, plan, tell);
    over = true;
    await operating;
    tell('the faults are over');
    // Whoever was killed could close no session: counted apart from what the last process leaves.
    await site.killRackwright();
    const orphaned = sessionsAt(site);
    await site.untilUp();
    const began = Date.now();
    const unsettled = await settle(site, settleMs);
    const settledAfterMs = Date.now() - began;
    await site.stopRackwright();
    return { ...(await judge(site, orphaned)), unsettled, ownEnds: site.ownEnds(), settledAfterMs };
  } finally {
    tell(`log of Rackwright: ${keepLog(site, size.seed)}`);
    await site.close();
  }

  async function judge(on: ChaosSite, orphaned: Map<string, number>): Promise<Pick<ChaosReport, 'violations' | 'counts'>> {
    const written = await readHistory(on.postgres.url);
    const sessionsLeft = [...sessionsAt(on)].map(([server, open]) => ({
      server,
      sessions: Math.max(0, open - (orphaned.get(server) ?? 0)),
    }));
    const { journal, deletedNodes } = on;
    const violations = checkHistory({ ...written, journal, deletedNodes, sessionsLeft, readAt: Date.now() });
    const counts = {
      faults: plan.length,
      events: written.events.length,
      operations: written.operations.length,
      failed: written.operations.filter(({ state }) => state === 'failed').length,
      diskDeeds: journal.filter(({ what }) => what === 'disk').length,
      nodesDeleted: deletedNodes.length,
    };
    return { violations, counts };
  }
}

/** Kept, because a failing run is looked at afterwards. */
function keepLog({ logFile }: ChaosSite, seed: number): string {
  const folder = join(import.meta.dirname, '../../.rackwright/chaos');
  mkdirSync(folder, { recursive: true });
  const kept = join(folder, `seed-${seed}.log`);
  copyFileSync(logFile, kept);
  return kept;
}

function sessionsAt({ rack }: ChaosSite): Map<string, number> {
  return new Map(rack.servers.map(({ name, bmcSessions }) => [name, bmcSessions()]));
}
