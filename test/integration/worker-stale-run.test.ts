// A worker that hung in the middle of a reboot, and finds that another one has taken over: it sends its BMC nothing more.
import { bmcConnector, type ConnectBmcOptions } from '@rackwright/bmc/connect-bmc.ts';
import type { BmcEndpoint, BmcProtocol } from '@rackwright/domain/bmc.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import { mayTalk } from '@rackwright/store/bmc-sweep/bmc-rights.ts';
import { postgresRunStore, type Run } from '@rackwright/store/operations/run-store.ts';
import { stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { type SimulatedChassis, simulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import { startIpmiServer } from '@rackwright/virtual-rack-app/ipmi/start-ipmi-server.ts';
import { startRedfishServer } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import { bmcConnections } from '@rackwright/worker-app/bmc-connections.ts';
import { type HoldClock, holdRun } from '@rackwright/worker-app/hold-run.ts';
import { StaleRun } from '@rackwright/workflow-engine/step-log.ts';
import { afterEach, expect, test } from 'vitest';
import { noPowerBudget } from './no-power-budget.ts';

const db = useTestDatabase();
const CREDENTIALS = { username: 'admin', password: 'rack-pass-0123' };
const CLAIM_MS = seconds(20);
const PACE: ConnectBmcOptions = {
  redfish: { timings: { poll: 5, restAfterOff: 0, powerOn: 2_000, powerOff: 30_000 } },
  ipmi: { power: { settle: { everyMs: 5, withinMs: 30_000 }, restMs: 0 } },
};
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(protocol: BmcProtocol, chassis: SimulatedChassis): Promise<BmcEndpoint> {
  const options = { host: '127.0.0.1', port: 0, credentials: CREDENTIALS, chassis };
  if (protocol === 'ipmi') {
    const bmc = await startIpmiServer(options);
    closers.push(() => bmc.close());
    return { protocol, address: '127.0.0.1', port: bmc.port };
  }
  const server = await startRedfishServer(options);
  closers.push(() => server.close());
  return { protocol, address: server.url };
}

/** A machine that is on, and goes off when it is let. */
function slowChassis() {
  const letOff = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const boots: unknown[] = [];
  const chassis = simulatedChassis(
    {
      power: 'on',
      identity: {
        vendor: 'V',
        model: 'M',
        serial: 'SN-1',
        uuid: '6f1c4d0e-5a65-4b53-9c39-0d1f8e6a0001',
        assetTag: '',
        bmcFirmware: '1',
        biosVersion: '1',
      },
      hardware: { cpus: [], memory: [], nics: [], disks: [] },
    },
    {
      onPowerOn: (boot) => void boots.push(boot),
      onPowerOff: () => {
        asked.resolve();
        return letOff.promise;
      },
      onReset: () => undefined,
    },
  );
  return { chassis, boots, letOff: letOff.resolve, asked: asked.promise };
}

test.each(['redfish', 'ipmi'] as const)('%s: off was sent before it hung, on is not sent after it woke', async (protocol) => {
  const stock = await stockInventory(db.database);
  const serverId = await stock.addServer();
  const operationId = await stock.begin(serverId, 'onboard');
  const runs = postgresRunStore(db.database);
  const { chassis, boots, letOff, asked } = slowChassis();
  const endpoint = await serve(protocol, chassis);
  const bmcs = bmcConnections({
    connect: (_, beforeWrite) => bmcConnector(PACE)(endpoint, CREDENTIALS, beforeWrite),
    untilMayTalk: async (run) => void (await mayTalk(db.database, run, 'w')),
    askAlone: (_serverId, work) => work(),
    power: noPowerBudget,
  });
  closers.push(() => bmcs.close());
  let now = 0;
  const clock: HoldClock = () => ({ steady: now, wall: now });
  const claim = async (worker: string): Promise<Run> => {
    const run = await runs.claim(operationId, worker, CLAIM_MS);
    if (typeof run === 'string') throw new Error(run);
    return run;
  };

  const hung = bmcs.heldBy(holdRun(await claim('w1'), runs, CLAIM_MS, clock(), clock));
  const reboot = hung({ serverId, operationId }, (bmc) => bmc.setPower('reboot')).catch((thrown: unknown) => thrown);
  await asked;
  // Its renewals hang with it; so its claim runs out, and somebody else goes on.
  now += seconds(60);
  await db.database.query(`update operations set run_until = now() - interval '1 s' where id = $1`, [operationId]);
  const taker = bmcs.heldBy(holdRun(await claim('w2'), runs, CLAIM_MS, clock(), clock));
  letOff();

  expect(await reboot).toBeInstanceOf(StaleRun);
  expect(boots).toEqual([]);
  await expect(hung({ serverId, operationId }, (bmc) => bmc.power())).rejects.toBeInstanceOf(StaleRun);
  await taker({ serverId, operationId }, (bmc) => bmc.setPower('on'));
  expect(boots).toHaveLength(1);
});
