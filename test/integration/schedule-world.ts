// An API, workers that run schedules and simulated BMCs over one real database, with a clock that tests set.
import { randomUUID } from 'node:crypto';
import { bmcConnector } from '@rackwright/bmc/connect-bmc.ts';
import { readBmcAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { type BmcAccount, bmcAccount } from '@rackwright/virtual-rack-app/bmc-account.ts';
import { type ChassisSpec, type SimulatedChassis, simulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import { type RedfishServer, startRedfishServer } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import { bmcConnections } from '@rackwright/worker-app/bmc-connections.ts';
import { ownBmc } from '@rackwright/worker-app/own-bmc.ts';
import { composeScheduler } from '@rackwright/worker-app/schedules/compose-scheduler.ts';
import { afterAll, afterEach, vi } from 'vitest';
import { furnish, type Json, TEST_KEYRING, type TestApi, useApi } from './api-server.ts';
import { noPowerBudget } from './no-power-budget.ts';

export const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 45_000, interval: 25 });

export type SimulatedBmc = { server: RedfishServer; chassis: SimulatedChassis; account: BmcAccount };

export type ScheduleWorld = {
  api: TestApi;
  log: string[];
  /** Milliseconds that the workers' clock is ahead of the real one. */
  setAhead(ms: number): void;
  worker(config?: { leaseMs?: number }): { close(): Promise<void> };
  bmc(serial: string, power: 'on' | 'off'): Promise<SimulatedBmc>;
  /** On file with a BMC of its own, straight in a state. */
  server(name: string, state: string, bmc: { url: string } | null): Promise<string>;
  schedule(body: object): Promise<Json>;
  runNow(scheduleId: string, body?: object): Promise<Json>;
  /** When it has ended. */
  ended(run: { scheduleId: string; id: string }): Promise<Json>;
  items(run: { scheduleId: string; id: string }): Promise<Json[]>;
};

export const FIRST_PASSWORD = 'calvin-is-a-secret';

let numbered = 0;

/** Call at the top of a test file. Workers and schedules end with each test. */
export function useSchedules(): ScheduleWorld {
  const api = useApi();
  const log: string[] = [];
  const open: { close(): Promise<void> }[] = [];
  // Until the end of the file: a port that is free again would be another test's BMC, and a BMC belongs to one server.
  const bmcs: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of bmcs) await one.close();
  });
  let ahead = 0;
  let place: Awaited<ReturnType<typeof furnish>> | undefined;
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await api.sql('delete from schedules');
    ahead = 0;
  });
  const read = async (path: string): Promise<Json> => (await api.call('GET', path)).body;
  return {
    api,
    log,
    setAhead: (ms) => void (ahead = ms),
    worker(config = {}) {
      const worker = startWorker(api, log, () => Date.now() + ahead, `worker-${++numbered}`, config);
      open.unshift(worker);
      return worker;
    },
    async bmc(serial, power) {
      const nothing = { onPowerOn: () => undefined, onPowerOff: () => undefined, onReset: () => undefined };
      const chassis = simulatedChassis(specOf(serial, power), nothing);
      const credentials = { username: 'root', password: FIRST_PASSWORD };
      // As the strictest in the field.
      const account = bmcAccount(credentials, { lockAfter: 3 });
      const server = await startRedfishServer({ host: '127.0.0.1', port: 0, credentials, account, chassis });
      bmcs.push(server);
      return { server, chassis, account };
    },
    async server(name, state, bmc) {
      place ??= await furnish(api.call, 'TPE9');
      const credentials = { username: 'root', password: FIRST_PASSWORD };
      const access = bmc && { protocol: 'redfish', address: bmc.url, tls: { mode: 'insecure' }, credentials };
      const n = ++numbered;
      const nics = { [`52:54:00:00:09:${n.toString(16).padStart(2, '0')}`]: { boot: true } };
      const body = { name, serial: `SN-${name}`, siteId: place.siteId, networkId: place.networkId, nics, bmc: access };
      const made = await api.call('POST', '/v1/servers', body);
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      await api.sql('update servers set state = $2::server_state where id = $1', [made.body.id, state]);
      return made.body.id;
    },
    async schedule(body) {
      const usual = { name: `schedule-${++numbered}`, task: 'aged_states', cron: '0 3 * * *' };
      const made = await api.call('POST', '/v1/schedules', { ...usual, ...body });
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      return made.body;
    },
    async runNow(scheduleId, body = {}) {
      const run = await api.call('POST', `/v1/schedules/${scheduleId}/runs`, body, { 'idempotency-key': randomUUID() });
      if (run.status !== 202) throw new Error(JSON.stringify(run.body));
      return run.body;
    },
    async ended({ scheduleId, id }) {
      let run: Json;
      await eventually(async () => {
        run = await read(`/v1/schedules/${scheduleId}/runs/${id}`);
        if (run.endedAt === null) throw new Error(`still ${run.state}: ${JSON.stringify(run)}`);
      });
      return run;
    },
    items: async ({ scheduleId, id }) => (await read(`/v1/schedules/${scheduleId}/runs/${id}/items?limit=500`)).items,
  };
}

function startWorker(api: TestApi, log: string[], now: () => number, worker: string, { leaseMs = 1_000 }: { leaseMs?: number }) {
  const keep = (facts: object, message: string) => void log.push(JSON.stringify([message, facts]));
  const connect = bmcConnector();
  const bmcs = bmcConnections({
    connect: ownBmc((serverId) => readBmcAccess(api.database, TEST_KEYRING, serverId), connect),
    untilMayTalk: () => Promise.reject(new Error('no operation runs here')),
    askAlone: (_serverId, work) => work(),
    power: noPowerBudget,
  });
  const scheduler = composeScheduler(
    { lookMs: 20, leaseMs, lookAgainMs: 50, passwordSettleMs: 0, passwordLeaseMs: 1_000 },
    {
      database: api.database,
      keyring: TEST_KEYRING,
      clock: { now },
      bmcs: { ...bmcs, connect },
      queue: { wakeUp: async (id) => void api.woken.push(id), every: everyFew },
      worker,
      log: { info: keep, warn: keep, error: keep },
    },
  );
  return {
    async close() {
      await scheduler.close();
      await bmcs.close();
    },
  };
}

function everyFew(_name: string, everyMs: number, does: () => Promise<void>): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running = Promise.resolve();
  const again = (): void => {
    running = does().catch(() => undefined);
    void running.then(() => {
      if (!stopped) timer = setTimeout(again, everyMs);
    });
  };
  again();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}

function specOf(serial: string, power: 'on' | 'off'): ChassisSpec {
  return {
    identity: {
      vendor: 'Contoso',
      model: 'R1',
      serial,
      uuid: '0b1c2d3e-0000-4000-8000-000000000001',
      assetTag: '',
      bmcFirmware: '1.20',
      biosVersion: 'U1.0',
    },
    hardware: {
      cpus: [{ model: 'C', cores: 4, threads: 8 }],
      memory: [],
      nics: [],
      disks: [{ serial: `${serial}-D1`, model: 'M', sizeBytes: 1_000 }],
    },
    power,
  };
}
