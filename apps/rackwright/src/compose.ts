// apps/rackwright: all roles in one process, in the order they are made; production runs the same pieces apart.
import { join } from 'node:path';
import pino from 'pino';
import { composeApi, type RunningApi } from '@rackwright/api-app/compose.ts';
import { composeBoot, type Boot } from '@rackwright/boot-app/compose.ts';
import type { BootLog } from '@rackwright/boot-app/http/needs.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import { openQueue } from '@rackwright/queue/queue.ts';
import { openDatabase } from '@rackwright/store/database.ts';
import { startEmbeddedPostgres } from '@rackwright/store/embedded/start-embedded-postgres.ts';
import { listenForEvents } from '@rackwright/store/listen-for-events.ts';
import { migrate } from '@rackwright/store/migrate.ts';
import { composeWorker, type WorkerConfig } from '@rackwright/worker-app/compose.ts';
import type { Config } from './config.ts';
import { readSealingKey } from './sealing-key.ts';

/** A simulated machine has no capacitors to wait for. */
const VIRTUAL_SCHEDULES = { lookAgainMs: 500, passwordSettleMs: 0, passwordLeaseMs: seconds(5) };
const VIRTUAL_BMC_PACE = {
  redfish: { timings: { poll: 100, restAfterOff: 100 } },
  ipmi: { power: { restMs: 100 }, settings: { everyMs: 100, withinMs: 5_000 } },
};

function sweepSizes(atOnce: number): { living: number; silent: number } | 'off' {
  return atOnce === 0 ? 'off' : { living: atOnce, silent: Math.ceil(atOnce / 2) };
}

/** Whoever supervises us can do more about it than we can. */
function endWithoutDatabase(log: pino.Logger): (code: number | null) => void {
  return (code) => {
    log.fatal({ code }, 'the embedded PostgreSQL cannot be kept running');
    process.exit(1);
  };
}

export type Rackwright = { api: RunningApi | undefined; boot: Boot | undefined; close(): Promise<void> };

/** What every role stands on, in the order it is opened. */
async function openParts(
  config: Config,
  log: pino.Logger,
  onTrouble: (error: unknown) => void,
  opened: <T extends { close(): Promise<void> }>(thing: T) => T,
) {
  const keyring = await readSealingKey(config.sealingKeyFile, config.databaseUrl === undefined);
  const embedded =
    config.databaseUrl === undefined
      ? opened(await startEmbeddedPostgres({ dataDir: join(config.dataDir, 'postgres'), onExit: endWithoutDatabase(log) }))
      : undefined;
  const databaseUrl = embedded?.url ?? config.databaseUrl ?? '';
  const database = opened(await openDatabase(databaseUrl, { maxConnections: 20, onConnectionLost: onTrouble }));
  await migrate(database);
  const listener = opened(await listenForEvents(database, { onConnectionLost: onTrouble }));
  const backend =
    config.redisUrl === undefined
      ? ({ kind: 'postgres', url: databaseUrl } as const)
      : ({ kind: 'redis', url: config.redisUrl } as const);
  const queue = opened(await openQueue({ backend, name: 'operations', lockMs: 10_000, onError: onTrouble }));
  return { database, keyring, queue, listener };
}

export async function compose(config: Config): Promise<Rackwright> {
  const closers: (() => Promise<void>)[] = [];
  let closing = false;
  const close = async (): Promise<void> => {
    closing = true;
    for (const end of closers.splice(0).reverse()) await end();
  };
  const opened = <T extends { close(): Promise<void> }>(thing: T): T => {
    closers.push(() => thing.close());
    return thing;
  };
  try {
    const log = pino({ level: config.logLevel });
    // Pools let go of their connections a moment after they say so; Postgres going down then is no trouble.
    const onTrouble = (error: unknown): void => (closing ? undefined : log.warn({ err: error }, 'in the background'));
    const parts = await openParts(config, log, onTrouble, opened);
    const { queue } = parts;

    const bootLog: BootLog = ({ level, event, ...facts }) => log[level](facts, event);
    const files = { imageDir: join(config.dataDir, 'images'), artifactDir: join(config.dataDir, 'artifacts') };
    const boot = config.roles.has('boot')
      ? opened(await composeBoot({ ...config.boot, ...files }, { ...parts, wakeUp: (id) => queue.wakeUp(id), log: bootLog }))
      : undefined;
    if (config.roles.has('worker')) opened(await composeWorker(workerConfig(config), { ...parts, log }));
    const logger = { level: config.logLevel };
    const api = config.roles.has('api')
      ? opened(
          await composeApi(
            { listen: config.http, token: config.apiToken, logger, webhookTargets: config.webhookTargets },
            { ...parts, files },
          ),
        )
      : undefined;
    return { api, boot, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function workerConfig({ workerConcurrency, bmcPace, bmcSweepAtOnce, webhookTargets, healthSeconds }: Config): WorkerConfig {
  return {
    concurrency: workerConcurrency,
    bmc: bmcPace === 'virtual' ? VIRTUAL_BMC_PACE : {},
    sweep: sweepSizes(bmcSweepAtOnce),
    schedules: bmcPace === 'virtual' ? VIRTUAL_SCHEDULES : {},
    webhooks: { targets: webhookTargets },
    healthEveryMs: seconds(healthSeconds),
  };
}
