// Everything of this process that talks to BMCs: the workflows' way in and the fleet sweep, on one line per BMC.
import { randomBytes } from 'node:crypto';
import { bmcConnector, type ConnectBmcOptions } from '@rackwright/bmc/connect-bmc.ts';
import { probeBmc } from '@rackwright/bmc/probe-bmc.ts';
import { holdBmc, keepBmc, letGoOfBmc, mayTalk } from '@rackwright/store/bmc-sweep/bmc-rights.ts';
import { postgresSweep } from '@rackwright/store/bmc-sweep/postgres-sweep.ts';
import type { Database } from '@rackwright/store/database.ts';
import { askForPower, notePower, settleFoundOn, settlePower } from '@rackwright/store/power/power-grants.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readBmcAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import type { ConnectBmcAccount } from '@rackwright/workflows/ports.ts';
import { type BmcConnections, bmcConnections } from './bmc-connections.ts';
import { askAlone, untilFree } from './bmc-sweep/ask-alone.ts';
import { bmcLooker } from './bmc-sweep/look-at-bmc.ts';
import { startBmcSweep, type SweepSizes } from './bmc-sweep/start-bmc-sweep.ts';
import type { Log } from './needs.ts';
import { ownBmc } from './own-bmc.ts';
import { sayWhy } from './say-why.ts';

export type BmcsConfig = {
  bmc?: ConnectBmcOptions;
  /** Unless told: 64 that answer and 32 that do not. `off`: nobody sweeps here. */
  sweep?: SweepSizes | 'off';
};
/** `runner`: the name under which this process runs operations. */
export type BmcsNeeds = { database: Database; keyring: Keyring; log: Log; runner: string };
export type Bmcs = Pick<BmcConnections, 'heldBy' | 'readBmc' | 'glance' | 'hangUp' | 'sessions' | 'close'> & {
  /** A session of its own, past the line: for whoever has hung up all others. */
  connect: ConnectBmcAccount;
};

export function composeBmcs({ bmc = {}, sweep }: BmcsConfig, { database, keyring, log, runner }: BmcsNeeds): Bmcs {
  // Two processes may have one name, and one process may sweep twice in a test: the sweep tells them apart.
  const worker = `${runner}/${randomBytes(4).toString('hex')}`;
  const connect = bmcConnector(bmc);
  // Not under the name of the sweep: a look of our own would give the right back at its end.
  const aloneAs = (who: string) =>
    askAlone({
      take: (serverId, forMs) => holdBmc(database, `${worker}/${who}`, serverId, forMs),
      keep: (serverId, forMs) => keepBmc(database, `${worker}/${who}`, serverId, forMs),
      giveBack: (serverId) => letGoOfBmc(database, `${worker}/${who}`, serverId),
      onFault: (serverId, cause) =>
        log.warn({ serverId, because: sayWhy(cause) }, 'the right to ask a BMC is neither kept nor given back'),
    });
  const connections = bmcConnections({
    connect: ownBmc((serverId) => readBmcAccess(database, keyring, serverId), connect),
    untilMayTalk: (run) => untilFree(() => mayTalk(database, run, worker)),
    askAlone: aloneAs('reader'),
    power: {
      ask: (holder) => askForPower(database, holder),
      settle: (holder, inrushSeconds) => settlePower(database, holder, inrushSeconds),
      notSettled: (holder, cause) => log.warn({ ...holder, because: sayWhy(cause) }, 'a power grant stays until it runs out'),
      foundOn: (holder) => settleFoundOn(database, holder),
      note: ({ serverId }, power) => notePower(database, serverId, power),
    },
  });
  // Another name than the readers' as well: they are waited for like anybody else.
  const changePassword = aloneAs('password');
  // What the sweep writes is compared with the database's clock.
  let behindMs = 0;
  const look = bmcLooker({
    connections,
    connect: bmcConnector({ ...bmc, redfish: { ...bmc.redfish, brief: true } }),
    probe: (endpoint) => probeBmc(endpoint, bmc),
    now: () => Date.now() + behindMs,
    log,
  });
  const swept = postgresSweep(database, keyring, worker, runner);
  const store = {
    ...swept,
    async beat(forMs: number) {
      const share = await swept.beat(forMs);
      if (share.now !== undefined) behindMs = share.now - Date.now();
      return share;
    },
  };
  const sweeping = sweep === 'off' ? undefined : startBmcSweep({ store, look, connections, log }, sweep);
  return {
    heldBy: connections.heldBy,
    readBmc: connections.readBmc,
    glance: connections.glance,
    connect,
    hangUp: (serverId) => changePassword(serverId, () => connections.hangUp(serverId)),
    sessions: connections.sessions,
    async close() {
      await sweeping?.close();
      await connections.close();
    },
  };
}
