// The program: reads the environment, starts the roles it names, stops them when told to.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { compose, type Rackwright } from './compose.ts';
import { readConfig, type Config } from './config.ts';

/** Ends the process when stopping takes longer: a hung device must not hold a terminal. */
const STOP_LIMIT_MS = 15_000;

function say(thrown: unknown): string {
  if (thrown instanceof Refusal) return `${thrown.code}: ${JSON.stringify(thrown.facts)}`;
  if (thrown instanceof Fault) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

let stopping = false;
async function stop(rackwright: Rackwright, status: number): Promise<never> {
  if (stopping) process.exit(1); // The second Ctrl-C means it.
  stopping = true;
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  await rackwright.close().catch((thrown: unknown) => console.error(say(thrown)));
  process.exit(status);
}

async function start(config: Config): Promise<void> {
  const rackwright = await compose(config);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(rackwright, 0));
  if (rackwright.api) console.log(`API ${rackwright.api.url}/v1`);
}

try {
  await start(readConfig(process.env, process.argv.slice(2)));
} catch (thrown) {
  console.error(say(thrown));
  process.exit(1);
}
