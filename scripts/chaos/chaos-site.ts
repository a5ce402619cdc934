// A simulated site that can be hurt: its own Postgres, a Rackwright that is started again whenever it is gone, losses and journals.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { type ChaosQueueKind, startChaosQueue } from './chaos-queue.ts';
import { type Keeper, keepRunning } from './keep-running.ts';
import { type Random, seeded } from './seeded.ts';
import { startOwnPostgres, type OwnPostgres } from '../../test/e2e/rack/own-postgres.ts';
import { startSimulatedSite, type SimulatedSite } from '../../test/e2e/rack/simulated-site.ts';
import type { History, SessionLook } from '../../test/chaos/history.ts';

export type ChaosSite = SimulatedSite &
  Keeper & {
    postgres: OwnPostgres;
    journal: JournalEntry[];
    sessionLooks: SessionLook[];
    deletedNodes: History['deletedNodes'];
    /** The part of a rack's packets that is lost, 0 to 1, by the rack's number. */
    loss: Map<number, number>;
    /** How many were lost so far. */
    packetsLost(rack: number): number;
    /** Every wake-up that waits is lost. @returns how many did */
    emptyQueue(): Promise<number>;
  };

/** Erasing a large spinning disk takes some seconds, so that faults meet machines at work. */
const PACE = { factor: 0.0001 };

export type ChaosSiteOptions = { servers: number; seed: number; queue: ChaosQueueKind; tell: (line: string) => void };

export async function startChaosSite({ servers, seed, queue: kind, tell }: ChaosSiteOptions): Promise<ChaosSite> {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-chaos-'));
  const postgres = await startOwnPostgres(folder);
  const journal: JournalEntry[] = [];
  const loss = new Map<number, number>();
  const queue = await startChaosQueue(kind, postgres.url);
  const { loses, packetsLost } = lossByRack(loss, seed);
  const site = await startSimulatedSite(servers, {
    env: { ...postgres.env, ...queue.env, RACKWRIGHT_LOG: 'info' },
    rack: {
      pace: PACE,
      journal: (entry) => void journal.push(entry),
      loses,
    },
  });
  const deletedNodes: History['deletedNodes'] = [];
  site.kubernetes.onChange('/nodes', ({ type, object }) => {
    if (type !== 'DELETED') return;
    const { name, labels } = object.metadata;
    deletedNodes.push({ at: Date.now(), name, serverId: labels?.['rackwright.dev/server-id'] ?? null });
  });
  const sessionLooks: SessionLook[] = [];
  const look = (when: SessionLook['when']): void => void sessionLooks.push({ at: Date.now(), when, bmcs: openSessions(site) });
  const keeper = keepRunning(site, { tell, look });
  return {
    ...site,
    ...keeper,
    postgres,
    journal,
    sessionLooks,
    deletedNodes,
    loss,
    packetsLost,
    emptyQueue: queue.empty,
    async close() {
      // Why it does not run any more was said already.
      await keeper.stopRackwright().catch(() => undefined);
      await site.close();
      await queue.close();
      await postgres.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function openSessions({ rack }: SimulatedSite): SessionLook['bmcs'] {
  return rack.servers
    .map(({ name, openBmcSessions }) => ({ server: name, sessions: openBmcSessions() }))
    .filter(({ sessions }) => sessions.length > 0);
}

/** The same packets of the same rack are lost for the same seed: the nth that comes while the rack loses some. */
function lossByRack(loss: ReadonlyMap<number, number>, seed: number) {
  const dice = new Map<number, Random>();
  const lost = new Map<number, number>();
  return {
    loses(rack: number): boolean {
      const part = loss.get(rack);
      if (part === undefined) return false;
      const random = dice.get(rack) ?? seeded(seed * 1_000 + rack);
      dice.set(rack, random);
      if (!random.chance(part)) return false;
      lost.set(rack, (lost.get(rack) ?? 0) + 1);
      return true;
    },
    packetsLost: (rack: number): number => lost.get(rack) ?? 0,
  };
}
