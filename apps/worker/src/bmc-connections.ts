// One line per BMC for everybody in this process: one request in flight, one session, kept for a while and always closed.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Bmc, Holder, WithBmc } from '@rackwright/workflows/ports.ts';
import { eachAtMost } from './each-at-most.ts';

/** `operation` sessions are opened with a workflow's patience, `sweep` ones without; the mark says which way in was used. */
type Open = { bmc: Bmc; for: 'operation' | 'sweep'; mark: string; keepMs: number };
type Line = { last: Promise<unknown>; users: number; open: Open | undefined; idle: NodeJS.Timeout | undefined };

export type BmcDoor = { /** Connects at the first call. */ bmc(): Promise<Bmc> };
export type SweepVisit<T> = {
  /** Another mark than that of the session that is open: that one is closed first. */
  mark: string;
  connect(): Promise<Bmc>;
  /** How long the session stays open after it, unless it was a workflow's. 0: it is closed at once. */
  keepMs: number;
  does(door: BmcDoor): Promise<T>;
};

export type BmcConnections = {
  withBmc: WithBmc;
  /** For the sweep: `in_use` when somebody talks to this BMC or waits for it. What `does` throws closes the session. */
  visit<T>(serverId: ServerId, visit: SweepVisit<T>): Promise<T | 'in_use'>;
  /** Ends what the sweep kept open of these. */
  letGo(isWanted: (serverId: ServerId) => boolean): Promise<void>;
  /** Sessions that are open now. */
  sessions(): number;
  close(): Promise<void>;
};

const IDLE_MS = seconds(15);
const CLOSED_AT_ONCE = 64;
/** Sessions that the sweep keeps: the one unused longest goes. A session costs about 30 kB. */
const MOST_KEPT = 4_096;

export type BmcAccess = {
  /** Reads endpoint and credentials of the server, opens the session. */
  connect(serverId: ServerId): Promise<Bmc>;
  /** Refusal `operation_in_progress` unless this operation holds the server now; ends when nobody else asks its BMC. */
  untilMayTalk(holder: Holder): Promise<void>;
  mostKept?: number;
};

export function bmcConnections({ connect, untilMayTalk, mostKept = MOST_KEPT }: BmcAccess): BmcConnections {
  const lines = new Map<ServerId, Line>();
  /** Lines with a session of the sweep, the one unused longest first. */
  const kept = new Set<ServerId>();

  const hangUp = async (line: Line): Promise<void> => {
    const { open } = line;
    line.open = undefined;
    await open?.bmc.close();
  };
  const inTurn = <T>(serverId: ServerId, turn: (line: Line) => Promise<T>): Promise<T> => {
    const line = lines.get(serverId) ?? { last: Promise.resolve(), users: 0, open: undefined, idle: undefined };
    lines.set(serverId, line);
    clearTimeout(line.idle);
    line.users += 1;
    // In line behind whoever talks to this BMC now, hanging up included: one request in flight.
    const mine = line.last.then(() => turn(line));
    const settled = mine.catch(() => undefined).then(() => leave(serverId, line));
    line.last = settled;
    return settled.then(() => mine);
  };
  const leave = async (serverId: ServerId, line: Line): Promise<void> => {
    if (line.open?.keepMs === 0) await hangUp(line);
    line.users -= 1;
    kept.delete(serverId);
    if (line.users > 0) return;
    if (!line.open) return void lines.delete(serverId);
    line.idle = setTimeout(() => void end(serverId), line.open.keepMs);
    line.idle.unref();
    if (line.open.for === 'sweep') kept.add(serverId);
    const [oldest] = kept;
    if (kept.size > mostKept && oldest !== undefined) void end(oldest);
  };
  const end = (serverId: ServerId): Promise<void> => {
    kept.delete(serverId);
    return inTurn(serverId, hangUp);
  };
  const closingWhenItFails = async <T>(line: Line, use: () => Promise<T>): Promise<T> => {
    try {
      return await use();
    } catch (thrown) {
      // The session may be what is broken: the next one begins anew.
      await hangUp(line);
      throw thrown;
    }
  };

  const withBmc: WithBmc = async (holder, use) => {
    await untilMayTalk(holder);
    return inTurn(holder.serverId, async (line) => {
      if (line.open?.for === 'sweep') await hangUp(line);
      line.open ??= { bmc: await connect(holder.serverId), for: 'operation', mark: '', keepMs: IDLE_MS };
      const { bmc } = line.open;
      return closingWhenItFails(line, () => use(bmc));
    });
  };

  return {
    withBmc,
    async visit(serverId, { mark, connect: open, keepMs, does }) {
      if ((lines.get(serverId)?.users ?? 0) > 0) return 'in_use';
      return inTurn(serverId, async (line) => {
        if (line.open?.for === 'sweep' && line.open.mark !== mark) await hangUp(line);
        const bmc = async (): Promise<Bmc> => {
          line.open ??= { bmc: await open(), for: 'sweep', mark, keepMs };
          return line.open.bmc;
        };
        return closingWhenItFails(line, () => does({ bmc }));
      });
    },
    letGo: (isWanted) =>
      eachAtMost(CLOSED_AT_ONCE, [...kept], async (serverId) => (isWanted(serverId) ? undefined : end(serverId))),
    sessions: () => [...lines.values()].filter(({ open }) => open !== undefined).length,
    close: () => eachAtMost(CLOSED_AT_ONCE, [...lines.keys()], end),
  };
}
