// One line per BMC: whoever talks to it waits for whoever does now, and the session stays open for a while.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { Postponed } from '@rackwright/workflow-engine/step-log.ts';
import type { BeforeWrite, Bmc } from '@rackwright/workflows/ports.ts';
import { eachAtMost } from './each-at-most.ts';
import type { Noted } from './power-budget.ts';

/** `operation` sessions are opened with a workflow's patience, `sweep` ones without; the mark says which way in was used. */
type Open = { bmc: Bmc; for: 'operation' | 'sweep'; mark: string; keepMs: number; desk?: Desk };
/** Of whoever talks through the session of an operation now, and what was written down of its power. */
type Desk = { beforeWrite: BeforeWrite; noted: Noted };
export type Line = { last: Promise<unknown>; users: number; open: Open | undefined; idle: NodeJS.Timeout | undefined };

const CLOSED_AT_ONCE = 64;

export type BmcLines = {
  /** In line behind whoever talks to this BMC now. What `turn` throws closes the session. */
  inTurn<T>(serverId: ServerId, turn: (line: Line) => Promise<T>): Promise<T>;
  isInUse(serverId: ServerId): boolean;
  /** Ends the session with this BMC, if there is one, behind what is under way. */
  end(serverId: ServerId): Promise<void>;
  /** Ends what the sweep kept open of these. */
  letGo(isWanted: (serverId: ServerId) => boolean): Promise<void>;
  sessions(): number;
  close(): Promise<void>;
};

/** @param mostKept  sessions that the sweep keeps: the one unused longest goes */
export function bmcLines(mostKept: number): BmcLines {
  const lines = new Map<ServerId, Line>();
  /** Lines with a session of the sweep, the one unused longest first. */
  const kept = new Set<ServerId>();

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

  return {
    inTurn: (serverId, turn) => inTurn(serverId, (line) => closingWhenItFails(line, () => turn(line))),
    isInUse: (serverId) => (lines.get(serverId)?.users ?? 0) > 0,
    end,
    letGo: (isWanted) =>
      eachAtMost(CLOSED_AT_ONCE, [...kept], async (serverId) => (isWanted(serverId) ? undefined : end(serverId))),
    sessions: () => [...lines.values()].filter(({ open }) => open !== undefined).length,
    close: () => eachAtMost(CLOSED_AT_ONCE, [...lines.keys()], end),
  };
}

export async function hangUp(line: Line): Promise<void> {
  const { open } = line;
  line.open = undefined;
  await open?.bmc.close();
}

async function closingWhenItFails<T>(line: Line, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (thrown) {
    // The session may be what is broken: the next one begins anew. Nothing is broken about waiting for one's turn.
    if (!(thrown instanceof Postponed)) await hangUp(line);
    throw thrown;
  }
}
