// A worker in a process of its own, for the test that kills it: runs a workflow of four steps for each operation that it is given, all at
// once; each deed is told to the parent, and done when the parent answers.
import type { OperationId } from '@rackwright/domain/ids.ts';
import { openDatabase } from '@rackwright/store/database.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { runWorkflow, type Workflow } from '@rackwright/workflow-engine/run-workflow.ts';

const [url = '', ...operations] = process.argv.slice(2);
const database = await openDatabase(url);
const runs = postgresRunStore(database);
const answers = new Map<string, () => void>();
process.on('message', ({ operationId, name }: { operationId: string; name: string }) =>
  answers.get(`${operationId} ${name}`)?.(),
);

function deed(operationId: OperationId, name: string): Promise<void> {
  return new Promise((done) => {
    answers.set(`${operationId} ${name}`, done);
    process.send?.({ operationId, name });
  });
}

const fourSteps: Workflow<null, OperationId> = async (run, _, operationId) => {
  for (let n = 1; n <= 4; n++) await run.step(`step ${n}`, () => deed(operationId, `step ${n}`));
};

async function advance(operationId: OperationId): Promise<void> {
  const run = await runs.claim(operationId, `process ${process.pid}`, 60_000);
  if (typeof run === 'string') return;
  const log = { ...runs.stepLog(run), load: async () => run.journal };
  const outcome = await runWorkflow(fourSteps, null, operationId, log, { now: () => Date.now() });
  if (outcome.kind !== 'finished') throw new Error(`it ${outcome.kind}`);
  await runs.finish(run, outcome.unsaved);
}

await Promise.all(operations.map((operationId) => advance(operationId as OperationId)));
await database.close();
process.disconnect();
