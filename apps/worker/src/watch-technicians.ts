// While somebody stands at a machine its light is on and its power is looked at every few seconds; afterwards the light goes off.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import type { Log, MachineSeen, RackWatch } from './needs.ts';
import { sayWhy } from './say-why.ts';

export type Glance = Pick<Bmc, 'power' | 'identifyLed' | 'setIdentifyLed'>;
export type TechnicianWatchNeeds = {
  watch: RackWatch;
  /** Reads and lights only: for power one must hold the server. */
  glance<T>(serverId: ServerId, use: (bmc: Glance) => Promise<T>): Promise<T>;
  log: Pick<Log, 'warn'>;
};

const MOST_AT_ONCE = 50;

/** One that does not answer holds up no other: it is asked again when its answer, or its silence, has come. */
export function watchTechnicians({ watch, glance, log }: TechnicianWatchNeeds) {
  const asked = new Map<ServerId, Promise<void>>();
  const ask = async (serverId: ServerId, ledWanted: boolean): Promise<void> => {
    await watch.record(serverId, await look(glance, serverId, ledWanted));
  };
  return {
    async look(): Promise<void> {
      const room = MOST_AT_ONCE - asked.size;
      if (room <= 0) return;
      for (const { serverId, ledWanted } of await watch.claim(room)) {
        if (asked.has(serverId)) continue;
        // What could not be written is seen again in a few seconds.
        const answer = ask(serverId, ledWanted).catch((thrown: unknown) =>
          log.warn({ serverId, because: sayWhy(thrown) }, 'nobody sees what a technician does'),
        );
        asked.set(serverId, answer);
        void answer.finally(() => asked.delete(serverId));
      }
    },
    async close(): Promise<void> {
      await Promise.all(asked.values());
    },
  };
}

async function look(glance: TechnicianWatchNeeds['glance'], serverId: ServerId, ledWanted: boolean): Promise<MachineSeen> {
  try {
    return await glance(serverId, async (bmc) => {
      const power = await bmc.power();
      return { power, silentBecause: null, ledLit: await light(bmc, ledWanted) };
    });
  } catch (thrown) {
    if (thrown instanceof Fault || thrown instanceof Refusal) return { power: null, silentBecause: thrown.code, ledLit: null };
    throw thrown;
  }
}

/** A light that does not work is no reason to know nothing of the power. */
async function light(bmc: Glance, wanted: boolean): Promise<boolean | null> {
  try {
    if ((await bmc.identifyLed()) !== wanted) await bmc.setIdentifyLed(wanted);
    return wanted;
  } catch (thrown) {
    if (thrown instanceof Fault) return null;
    throw thrown;
  }
}
