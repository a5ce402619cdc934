// A worker that runs schedules in a process of its own, for the test that kills it in the middle of a run.
import { bmcConnector } from '@rackwright/bmc/connect-bmc.ts';
import { openDatabase } from '@rackwright/store/database.ts';
import { makeKeyring } from '@rackwright/store/secrets/keyring.ts';
import { readBmcAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { bmcConnections } from '@rackwright/worker-app/bmc-connections.ts';
import { ownBmc } from '@rackwright/worker-app/own-bmc.ts';
import { composeScheduler } from '@rackwright/worker-app/schedules/compose-scheduler.ts';
import { noPowerBudget } from './no-power-budget.ts';

const database = await openDatabase(process.argv[2] ?? '');
const keyring = makeKeyring({ id: 'test', bytes: new Uint8Array(32).fill(7) });
const silent = () => undefined;
const bmcs = bmcConnections({
  connect: ownBmc((serverId) => readBmcAccess(database, keyring, serverId), bmcConnector()),
  untilMayTalk: () => Promise.reject(new Error('no operation runs here')),
  askAlone: (_serverId, work) => work(),
  power: noPowerBudget,
});
composeScheduler(
  { lookMs: 20, leaseMs: 1_000 },
  {
    database,
    clock: { now: () => Date.now() },
    bmcs,
    queue: {
      wakeUp: async () => undefined,
      every(_name, everyMs, does) {
        const timer = setInterval(() => void does().catch(silent), everyMs);
        return async () => clearInterval(timer);
      },
    },
    worker: `process/${process.pid}`,
    log: { info: silent, warn: silent, error: silent },
  },
);
