// A simulated site that can be hurt: its own Postgres, a Rackwright that is started again whenever it is gone, losses and journals.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';
import { type ChaosQueueKind, startChaosQueue } from './chaos-queue.ts';
import { type Random, seeded } from './seeded.ts';
import { startOwnPostgres, type OwnPostgres } from '../../test/e2e/rack/own-postgres.ts';
import { startSimulatedSite, type SimulatedSite } from '../../test/e2e/rack/simulated-site.ts';
import type { History } from '../../test/chaos/history.ts';

export type ChaosSite = SimulatedSite & {
  postgres: OwnPostgres;
  journal: JournalEntry[];
  deletedNodes: History['deletedNodes'];
  /** The part of a rack's packets that is lost, 0 to 1, by the rack's number. */
  loss: Map<number, number>;
  /** Every wake-up that waits is lost. */
  emptyQueue(): Promise<void>;
  /** Kills Rackwright; it comes back by itself. */
  killRackwright(): Promise<void>;
  /** Ends when it answers. */
  untilUp(): Promise<void>;
  /** Stops it for good, as an operator does. */
  stopRackwright(): Promise<void>;
  /** How often it ended without having been killed while it was up. */
  ownEnds(): number;
};

const AGAIN_MS = 300;
/** Erasing a large spinning disk takes some seconds, so that faults meet machines at work. */
const PACE = { factor: 0.0001 };

export type ChaosSiteOptions = { servers: number; seed: number; queue: ChaosQueueKind; tell: (line: string) => void };

export async function startChaosSite({ servers, seed, queue: kind, tell }: ChaosSiteOptions): Promise<ChaosSite> {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-chaos-'));
  const postgres = await startOwnPostgres(folder);
  const journal: JournalEntry[] = [];
  const loss = new Map<number, number>();
  const queue = await startChaosQueue(kind, postgres.url);
  const lossOf = lossByRack(loss, seed);
  const site = await startSimulatedSite(servers, {
    env: { ...postgres.env, ...queue.env, RACKWRIGHT_LOG: 'info' },
    rack: {
      pace: PACE,
      journal: (entry) => void journal.push(entry),
      loses: lossOf,
    },
  });
  const deletedNodes: History['deletedNodes'] = [];
  site.kubernetes.onChange('/nodes', ({ type, object }) => {
    if (type !== 'DELETED') return;
    const { name, labels } = object.metadata;
    deletedNodes.push({ at: Date.now(), name, serverId: labels?.['rackwright.dev/server-id'] ?? null });
  });
  const keeper = keepRunning(site, tell);
  return {
    ...site,
    ...keeper,
    postgres,
    journal,
    deletedNodes,
    loss,
    emptyQueue: queue.empty,
    async close() {
      await keeper.stopRackwright();
      await site.close();
      await queue.close();
      await postgres.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same packets of the same rack are lost for the same seed: the nth that comes while the rack loses some. */
function lossByRack(loss: ReadonlyMap<number, number>, seed: number): (rack: number) => boolean {
  const dice = new Map<number, Random>();
  return (rack) => {
    const part = loss.get(rack);
    if (part === undefined) return false;
    const random = dice.get(rack) ?? seeded(seed * 1_000 + rack);
    dice.set(rack, random);
    return random.chance(part);
  };
}

/** What systemd does with a service: start it again, whatever ended it. */
function keepRunning(site: SimulatedSite, tell: (line: string) => void) {
  let stopping = false;
  let killed = false;
  let ownEnds = 0;
  let up = Promise.resolve();

  const watch = (): void => {
    site.running().process.once('exit', (status) => {
      if (stopping) return;
      if (!killed) {
        ownEnds += 1;
        tell(`Rackwright ended by itself with ${status}: see ${site.logFile}`);
      }
      killed = false;
      up = comeBack();
    });
  };
  const comeBack = async (): Promise<void> => {
    for (;;) {
      if (stopping) return;
      try {
        await site.restart();
        return watch();
      } catch {
        // Without its database it does not start.
        await pause(AGAIN_MS);
      }
    }
  };
  watch();
  return {
    async killRackwright() {
      await up;
      killed = true;
      await site.running().kill();
    },
    async untilUp() {
      await up;
    },
    async stopRackwright() {
      stopping = true;
      await up;
      await site.running().stop();
    },
    ownEnds: () => ownEnds,
  };
}
