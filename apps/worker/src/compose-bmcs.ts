// Everything of this process that talks to BMCs: the workflows' way in and the fleet sweep, on one line per BMC.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { bmcConnector, type ConnectBmcOptions } from '@rackwright/bmc/connect-bmc.ts';
import { probeBmc } from '@rackwright/bmc/probe-bmc.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { mayRead, type MayTalk, mayTalk, postgresSweep } from '@rackwright/store/bmc-sweep/postgres-sweep.ts';
import type { Database } from '@rackwright/store/database.ts';
import { askForPower, notePower, settlePower } from '@rackwright/store/power/power-grants.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readBmcAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { type BmcConnections, bmcConnections } from './bmc-connections.ts';
import { bmcLooker } from './bmc-sweep/look-at-bmc.ts';
import { startBmcSweep, type SweepSizes } from './bmc-sweep/start-bmc-sweep.ts';
import type { Log } from './needs.ts';
import { ownBmc } from './own-bmc.ts';

export type BmcsConfig = {
  bmc?: ConnectBmcOptions;
  /** Unless told: 64 that answer and 32 that do not. `off`: nobody sweeps here. */
  sweep?: SweepSizes | 'off';
};
/** `runner`: the name under which this process runs operations. */
export type BmcsNeeds = { database: Database; keyring: Keyring; log: Log; runner: string };
export type Bmcs = Pick<BmcConnections, 'heldBy' | 'readBmc' | 'glance' | 'hangUp' | 'sessions' | 'close'>;

const ASKED_ELSEWHERE_MS = seconds(30);
const LOOK_AGAIN_MS = 200;

export function composeBmcs({ bmc = {}, sweep }: BmcsConfig, { database, keyring, log, runner }: BmcsNeeds): Bmcs {
  // Two processes may have one name, and one process may sweep twice in a test: the sweep tells them apart.
  const worker = `${runner}/${randomBytes(4).toString('hex')}`;
  const connections = bmcConnections({
    connect: ownBmc((serverId) => readBmcAccess(database, keyring, serverId), bmcConnector(bmc)),
    untilMayTalk: (run) => untilNobodyElseAsks(() => mayTalk(database, run, worker)),
    untilMayRead: (serverId) => untilNobodyElseAsks(() => mayRead(database, serverId, worker)),
    power: {
      ask: (holder) => askForPower(database, holder),
      settle: (holder, inrushSeconds) => settlePower(database, holder, inrushSeconds),
      note: ({ serverId }, power) => notePower(database, serverId, power),
    },
  });
  const look = bmcLooker({
    connections,
    connect: bmcConnector({ ...bmc, redfish: { ...bmc.redfish, brief: true } }),
    probe: (endpoint) => probeBmc(endpoint, bmc),
    now: () => Date.now(),
    log,
  });
  const store = postgresSweep(database, keyring, worker, runner);
  const sweeping = sweep === 'off' ? undefined : startBmcSweep({ store, look, connections, log }, sweep);
  return {
    heldBy: connections.heldBy,
    readBmc: connections.readBmc,
    glance: connections.glance,
    hangUp: connections.hangUp,
    sessions: connections.sessions,
    async close() {
      await sweeping?.close();
      await connections.close();
    },
  };
}

/** Another worker's look takes seconds; whoever met one does not fail for it. */
async function untilNobodyElseAsks(ask: () => Promise<MayTalk>): Promise<void> {
  const until = performance.now() + ASKED_ELSEWHERE_MS;
  while ((await ask()) === 'asked_elsewhere') {
    if (performance.now() > until)
      throw new Fault({ code: 'bmc_busy', doing: 'wait for a look at the BMC by another worker', retry: 'soon' });
    await pause(LOOK_AGAIN_MS);
  }
}
