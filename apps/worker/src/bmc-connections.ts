// One BMC session per server, kept for a few steps and always closed: BMCs hold few sessions and lock out who logs in often.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { Postponed } from '@rackwright/workflow-engine/step-log.ts';
import type { BeforeWrite, Bmc, WithBmc } from '@rackwright/workflows/ports.ts';
import type { HeldRun } from './hold-run.ts';
import type { Run } from './needs.ts';
import { budgetedBmc, type Noted, type PowerBook } from './power-budget.ts';

type Connection = {
  bmc: Promise<Bmc>;
  last: Promise<unknown>;
  users: number;
  idle: NodeJS.Timeout | undefined;
  noted: Noted;
  /** Of whoever talks to it now. */
  beforeWrite: BeforeWrite;
};

export type BmcConnections = {
  /** The workflows' port, for one run: it stops working the moment another process takes the run over. */
  heldBy(held: HeldRun): WithBmc;
  close(): Promise<void>;
};

const IDLE_MS = seconds(15);

export type BmcAccess = {
  /** Reads endpoint and credentials of the server, opens the session. */
  connect(serverId: ServerId, beforeWrite: BeforeWrite): Promise<Bmc>;
  /** Refusal `operation_in_progress` unless this operation holds the server now; StaleRun when another process runs it. */
  refuseUnlessHeld(run: Run): Promise<void>;
  power: PowerBook;
};

export function bmcConnections({ connect, refuseUnlessHeld, power }: BmcAccess): BmcConnections {
  const open = new Map<ServerId, Connection>();

  const drop = async (serverId: ServerId, connection: Connection): Promise<void> => {
    clearTimeout(connection.idle);
    if (open.get(serverId) === connection) open.delete(serverId);
    const bmc = await connection.bmc.catch(() => undefined);
    await bmc?.close();
  };

  const begin = (serverId: ServerId, beforeWrite: BeforeWrite): Connection => {
    const fresh = { last: Promise.resolve(), users: 0, idle: undefined, noted: {}, beforeWrite };
    const connection: Connection = Object.assign(fresh, { bmc: connect(serverId, () => fresh.beforeWrite()) });
    open.set(serverId, connection);
    return connection;
  };

  const heldBy =
    ({ run, refuseIfStale }: HeldRun): WithBmc =>
    async (holder, use) => {
      const { serverId } = holder;
      await refuseUnlessHeld(run);
      const connection = open.get(serverId) ?? begin(serverId, refuseIfStale);
      clearTimeout(connection.idle);
      connection.users += 1;
      // In line behind whoever talks to this BMC now: one request in flight.
      const turn = connection.last
        .catch(() => undefined)
        .then(async () => {
          connection.beforeWrite = refuseIfStale;
          return use(budgetedBmc(await connection.bmc, holder, power, connection.noted));
        });
      connection.last = turn.catch(() => undefined);
      try {
        return await turn;
      } catch (thrown) {
        // The session may be what is broken: the next step begins with a new one. Nothing is broken about waiting.
        if (!(thrown instanceof Postponed)) await drop(serverId, connection);
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
    heldBy,
    async close() {
      await Promise.all([...open].map(([serverId, connection]) => drop(serverId, connection)));
    },
  };
}
