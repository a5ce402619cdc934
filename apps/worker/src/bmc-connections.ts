// One line per BMC for everybody in this process: one request in flight, one session, kept for a while and always closed.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { BeforeWrite, Bmc, WithBmc } from '@rackwright/workflows/ports.ts';
import type { BmcReader } from '@rackwright/workflows/schedule-tasks/needs.ts';
import { bmcLines, hangUp } from './bmc-lines.ts';
import type { AskAlone } from './bmc-sweep/ask-alone.ts';
import type { HeldRun } from './hold-run.ts';
import type { Run } from './needs.ts';
import { budgetedBmc, type Noted, type PowerBook } from './power-budget.ts';

export type BmcDoor = { /** Connects at the first call. */ bmc(): Promise<Bmc> };
export type SweepVisit<T> = {
  /** Another mark than that of the session that is open: that one is closed first. */
  mark: string;
  connect(): Promise<Bmc>;
  /** How long the session stays open after it, unless it was a workflow's. 0: it is closed at once. */
  keepMs: number;
  does(door: BmcDoor): Promise<T>;
};

/** Without holding the server: for what changes nothing. In line with those that do. */
export type ReadBmc = <T>(serverId: ServerId, use: (bmc: BmcReader) => Promise<T>) => Promise<T>;

export type BmcConnections = {
  /** The workflows' port, for one run: it stops working the moment another process takes the run over. */
  heldBy(held: HeldRun): WithBmc;
  readBmc: ReadBmc;
  /** For what needs no lease: power read, and the identify light. */
  glance<T>(
    serverId: ServerId,
    use: (bmc: Pick<Bmc, 'power' | 'identifyLed' | 'setIdentifyLed'>) => Promise<T>,
    /** Called when nobody else talks to it any more: from here on what is waited for is the BMC. */
    onTurn?: () => void,
  ): Promise<T>;
  /** Ends the session with this BMC, if there is one, behind what is under way: its credentials are to change. */
  hangUp(serverId: ServerId): Promise<void>;
  /** For the sweep: `in_use` when somebody talks to this BMC or waits for it. What `does` throws closes the session. */
  visit<T>(serverId: ServerId, visit: SweepVisit<T>): Promise<T | 'in_use'>;
  /** Ends what the sweep kept open of these. */
  letGo(isWanted: (serverId: ServerId) => boolean): Promise<void>;
  /** Sessions that are open now. */
  sessions(): number;
  close(): Promise<void>;
};

const IDLE_MS = seconds(15);
/** Sessions that the sweep keeps: the one unused longest goes. A session costs about 30 kB. */
const MOST_KEPT = 4_096;

export type BmcAccess = {
  /** Reads endpoint and credentials of the server, opens the session. */
  connect(serverId: ServerId, beforeWrite: BeforeWrite): Promise<Bmc>;
  /**
   * Refusal `operation_in_progress` unless this operation holds the server now, StaleRun when another process runs it; ends when nobody
   * else asks its BMC.
   */
  untilMayTalk(run: Run): Promise<void>;
  /** Runs `work` while nobody else asks this BMC. */
  askAlone: AskAlone;
  power: PowerBook;
  mostKept?: number;
};

export function bmcConnections({ connect, untilMayTalk, askAlone, power, mostKept = MOST_KEPT }: BmcAccess): BmcConnections {
  const lines = bmcLines(mostKept);
  const talk = <T>(
    serverId: ServerId,
    beforeWrite: BeforeWrite,
    use: (bmc: Bmc, noted: Noted) => Promise<T>,
    onTurn?: () => void,
  ): Promise<T> =>
    lines.inTurn(serverId, async (line) => {
      onTurn?.();
      if (line.open?.for === 'sweep') await hangUp(line);
      // A session outlives a run: it asks whoever talks through it now.
      const desk = line.open?.desk ?? { beforeWrite, noted: {} };
      desk.beforeWrite = beforeWrite;
      const open = async () => connect(serverId, () => desk.beforeWrite());
      line.open ??= { bmc: await open(), for: 'operation', mark: '', keepMs: IDLE_MS, desk };
      return use(line.open.bmc, desk.noted);
    });
  const unheld = <T>(
    serverId: ServerId,
    beforeWrite: BeforeWrite,
    use: (bmc: Bmc) => Promise<T>,
    onTurn?: () => void,
  ): Promise<T> => askAlone(serverId, () => talk(serverId, beforeWrite, use, onTurn));

  return {
    heldBy:
      ({ run, refuseIfStale }) =>
      async (holder, use) => {
        await untilMayTalk(run);
        return talk(holder.serverId, refuseIfStale, (bmc, noted) => use(budgetedBmc(bmc, holder, power, noted)));
      },
    readBmc: (serverId, use) => unheld(serverId, refuseAnyWrite, use),
    // The light is anybody's.
    glance: (serverId, use, onTurn) => unheld(serverId, async () => undefined, use, onTurn),
    hangUp: lines.end,
    async visit(serverId, { mark, connect: open, keepMs, does }) {
      if (lines.isInUse(serverId)) return 'in_use';
      return lines.inTurn(serverId, async (line) => {
        if (line.open?.for === 'sweep' && line.open.mark !== mark) await hangUp(line);
        const bmc = async (): Promise<Bmc> => {
          line.open ??= { bmc: await open(), for: 'sweep', mark, keepMs };
          return line.open.bmc;
        };
        return does({ bmc });
      });
    },
    letGo: lines.letGo,
    sessions: lines.sessions,
    close: lines.close,
  };
}

async function refuseAnyWrite(): Promise<void> {
  throw new Error('who holds no server changes nothing at its BMC');
}
