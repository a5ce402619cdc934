// One line per BMC for everybody in this process: one request in flight, one session, kept for a while and always closed.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Bmc, Holder, WithBmc } from '@rackwright/workflows/ports.ts';
import type { BmcReader } from '@rackwright/workflows/schedule-tasks/needs.ts';
import { bmcLines, hangUp } from './bmc-lines.ts';
import type { AskAlone } from './bmc-sweep/ask-alone.ts';

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
  withBmc: WithBmc;
  readBmc: ReadBmc;
  /** For what needs no lease: power read, and the identify light. */
  glance<T>(serverId: ServerId, use: (bmc: Pick<Bmc, 'power' | 'identifyLed' | 'setIdentifyLed'>) => Promise<T>): Promise<T>;
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
  connect(serverId: ServerId): Promise<Bmc>;
  /** Refusal `operation_in_progress` unless this operation holds the server now; ends when nobody else asks its BMC. */
  untilMayTalk(holder: Holder): Promise<void>;
  /** Runs `work` while nobody else asks this BMC. */
  askAlone: AskAlone;
  mostKept?: number;
};

export function bmcConnections({ connect, untilMayTalk, askAlone, mostKept = MOST_KEPT }: BmcAccess): BmcConnections {
  const lines = bmcLines(mostKept);
  const talk = <T>(serverId: ServerId, use: (bmc: Bmc) => Promise<T>): Promise<T> =>
    lines.inTurn(serverId, async (line) => {
      if (line.open?.for === 'sweep') await hangUp(line);
      line.open ??= { bmc: await connect(serverId), for: 'operation', mark: '', keepMs: IDLE_MS };
      return use(line.open.bmc);
    });
  const read = <T>(serverId: ServerId, use: (bmc: Bmc) => Promise<T>): Promise<T> =>
    askAlone(serverId, () => talk(serverId, use));

  return {
    async withBmc(holder, use) {
      await untilMayTalk(holder);
      return talk(holder.serverId, use);
    },
    readBmc: read,
    glance: read,
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
