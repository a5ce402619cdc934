// The program: reads the environment, starts the roles it names, stops them when told to.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { compose } from './compose.ts';
import { readConfig, type Config } from './config.ts';
import { runDemo } from './demo/run-demo.ts';
import { withStandIns } from './demo/stand-in-files.ts';

type Closeable = { close(): Promise<void> };

/** The clock of the process: what a person waits from. */
const BEGAN = 0;

/** Ends the process when stopping takes longer: a hung device must not hold a terminal. */
const STOP_LIMIT_MS = 15_000;

function say(thrown: unknown): string {
  if (thrown instanceof Refusal) return `${thrown.code}: ${JSON.stringify(thrown.facts)}`;
  if (thrown instanceof Fault) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

let stopping = false;
async function stop(running: Closeable[], status: number): Promise<never> {
  if (stopping) process.exit(1); // The second Ctrl-C means it.
  stopping = true;
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  for (const part of running.toReversed()) await part.close().catch((thrown: unknown) => console.error(say(thrown)));
  process.exit(status);
}

async function start(config: Config): Promise<void> {
  const running: Closeable[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(running, 0));
  const virtual = config.virtualServers > 0;
  const rackwright = await compose(virtual ? await withStandIns(config) : config);
  running.push(rackwright);
  if (rackwright.api) console.log(`API ${rackwright.api.url}/v1`);
  if (!virtual) return;
  const demo = await runDemo(config, rackwright, BEGAN);
  running.push(demo);
  const { inService, servers, seconds } = await demo.ready;
  console.log(`${inService}/${servers} in_service in ${seconds.toFixed(1)} s`);
  if (config.exitWhenReady) await stop(running, inService === servers ? 0 : 1);
}

try {
  await start(readConfig(process.env, process.argv.slice(2)));
} catch (thrown) {
  console.error(say(thrown));
  process.exit(1);
}
