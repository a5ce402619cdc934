// One BMC session per server, kept for a few steps and always closed: BMCs hold few sessions and lock out who logs in often.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Bmc, Holder, WithBmc } from '@rackwright/workflows/ports.ts';
import type { BmcReader } from '@rackwright/workflows/schedule-tasks/needs.ts';

type Connection = { bmc: Promise<Bmc>; last: Promise<unknown>; users: number; idle: NodeJS.Timeout | undefined };

/** Without holding the server: for what changes nothing. In line with those that do. */
export type ReadBmc = <T>(serverId: ServerId, use: (bmc: BmcReader) => Promise<T>) => Promise<T>;

export type BmcConnections = {
  withBmc: WithBmc;
  readBmc: ReadBmc;
  /** Ends the session with this BMC, if there is one, behind what is under way: its credentials are to change. */
  hangUp(serverId: ServerId): Promise<void>;
  close(): Promise<void>;
};

const IDLE_MS = seconds(15);

export type BmcAccess = {
  /** Reads endpoint and credentials of the server, opens the session. */
  connect(serverId: ServerId): Promise<Bmc>;
  /** Refusal `operation_in_progress` unless this operation holds the server now. */
  refuseUnlessHeld(holder: Holder): Promise<void>;
};

export function bmcConnections({ connect, refuseUnlessHeld }: BmcAccess): BmcConnections {
  const open = new Map<ServerId, Connection>();

  const drop = async (serverId: ServerId, connection: Connection): Promise<void> => {
    clearTimeout(connection.idle);
    if (open.get(serverId) === connection) open.delete(serverId);
    const bmc = await connection.bmc.catch(() => undefined);
    await bmc?.close();
  };

  const inTurn = async <T>(serverId: ServerId, use: (bmc: Bmc) => Promise<T>): Promise<T> => {
    const connection = open.get(serverId) ?? { bmc: connect(serverId), last: Promise.resolve(), users: 0, idle: undefined };
    open.set(serverId, connection);
    clearTimeout(connection.idle);
    connection.users += 1;
    // In line behind whoever talks to this BMC now: one request in flight.
    const turn = connection.last.catch(() => undefined).then(async () => use(await connection.bmc));
    connection.last = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (thrown) {
      // The session may be what is broken: the next step begins with a new one.
      await drop(serverId, connection);
      throw thrown;
    } finally {
      connection.users -= 1;
      if (connection.users === 0 && open.get(serverId) === connection) {
        connection.idle = setTimeout(() => void drop(serverId, connection), IDLE_MS);
        connection.idle.unref();
      }
    }
  };

  return {
    async withBmc(holder, use) {
      await refuseUnlessHeld(holder);
      return inTurn(holder.serverId, use);
    },
    readBmc: inTurn,
    async hangUp(serverId) {
      const connection = open.get(serverId);
      if (!connection) return;
      await connection.last.catch(() => undefined);
      await drop(serverId, connection);
    },
    async close() {
      await Promise.all([...open].map(([serverId, connection]) => drop(serverId, connection)));
    },
  };
}
