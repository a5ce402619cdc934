// A worker in a process of its own, for the test that kills it in the middle of a handler. Says `got <operation>`; never finishes.
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { QueueBackend } from '@rackwright/queue/backend.ts';
import { openQueue } from '@rackwright/queue/queue.ts';

const [backend, name] = process.argv.slice(2);
const queue = await openQueue({ backend: JSON.parse(backend ?? '') as QueueBackend, name: name ?? '', lockMs: 1_000 });
await queue.work(
  (operationId: OperationId) => {
    process.stdout.write(`got ${operationId}\n`);
    return new Promise<void>(() => {});
  },
  { concurrency: 1 },
);
