// Asks every BMC for its power: one request in flight per BMC, so many BMCs at once, every session closed behind it.
import type { PowerState } from '@rackwright/domain/bmc.ts';
import { connectBmc } from '@rackwright/bmc/connect-bmc.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import type { VirtualServer } from '@rackwright/virtual-rack-app/virtual-rack.ts';

export type Swept = { seen: Map<string, PowerState>; failed: Map<string, string> };

/** Sessions stay open for the sweeps to come: logging in is what costs, and what BMCs count. */
export type Sweeper = { sweep(): Promise<Swept>; close(): Promise<void> };

/** @param atOnce  BMCs that are talked to at the same moment */
export function sweeper(servers: readonly VirtualServer[], atOnce: number): Sweeper {
  const open = new Map<string, Bmc>();
  const connected = async ({ name, bmc, credentials }: VirtualServer): Promise<Bmc> => {
    const known = open.get(name) ?? (await connectBmc(bmc, credentials));
    open.set(name, known);
    return known;
  };
  return {
    async sweep() {
      const seen = new Map<string, PowerState>();
      const failed = new Map<string, string>();
      await eachOf(servers, atOnce, async (server) => {
        try {
          seen.set(server.name, await (await connected(server)).power());
        } catch (thrown) {
          failed.set(server.name, thrown instanceof Error ? thrown.message : String(thrown));
        }
      });
      return { seen, failed };
    },
    async close() {
      await eachOf([...open.values()], atOnce, (bmc) => bmc.close());
      open.clear();
    },
  };
}

async function eachOf<T>(all: readonly T[], atOnce: number, does: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await does(one);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, work));
}
