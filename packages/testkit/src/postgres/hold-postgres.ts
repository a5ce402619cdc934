// A process that starts an embedded Postgres, says so in one line of JSON, and stays until it is told to go or killed.
import { startEmbeddedPostgres } from '@rackwright/store/embedded/start-embedded-postgres.ts';

const [dataDir = ''] = process.argv.slice(2);
const { url, pid, close } = await startEmbeddedPostgres({ dataDir });
process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
process.once('SIGTERM', () => void close());
