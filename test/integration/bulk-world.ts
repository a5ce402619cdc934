// Servers to plan for, and operations that end as a test wants: the workers of operations are left out, those of bulk operations are real.
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { type BulkDriver, postgresBulkDriver } from '@rackwright/store/plans/drive-bulk.ts';
import { driveBulkOperations } from '@rackwright/worker-app/drive-bulk-operations.ts';
import { type Call, furnish, type Json, newBmc } from './api-server.ts';

export type Place = { siteId: string; rackId: string; networkId: string };
export type NewOnes = { count: number; prefix: string; rackIds?: (string | null)[]; labels?: Record<string, string> };

let sites = 0;
let addresses = 10;

export const furnishAnother = (call: Call): Promise<Place> => furnish(call, `S${++sites}`);

/** Registered, with all that onboarding needs; the racks take turns. In the order of their names. */
export async function addServers(call: Call, place: Place, { count, prefix, rackIds, labels = {} }: NewOnes): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const host = addresses++;
    const body = {
      name: `${prefix}-${String(n).padStart(2, '0')}`,
      serial: `${prefix}-SN-${n}`,
      siteId: place.siteId,
      rackId: rackIds === undefined ? place.rackId : rackIds[n % rackIds.length],
      networkId: place.networkId,
      address: `10.77.0.${host}`,
      nics: { [`52:54:00:00:09:${host.toString(16).padStart(2, '0')}`]: { boot: true } },
      bmc: newBmc(),
      labels,
    };
    const made = await call('POST', '/v1/servers', body);
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    ids.push(made.body.id);
  }
  return ids;
}

/** @param operations  items of a bulk operation that run */
export async function endOperations(database: Database, operations: readonly Json[], ending: 'finish' | 'fail'): Promise<void> {
  const runs = postgresRunStore(database);
  const error = { kind: 'fault', code: 'bmc_unreachable', message: 'it said nothing', retry: 'never', facts: {} } as const;
  for (const { operationId } of operations) {
    const run = await runs.claim(operationId, 'test', 5_000);
    if (typeof run === 'string') throw new Error(`${operationId} is ${run}`);
    await (ending === 'finish' ? runs.finish(run) : runs.fail(run, error, 'fail'));
  }
}

/** A worker's part in bulk operations; `woken` are the operations that it began. */
export function bulkWorker(database: Database): { sweep(): Promise<void>; bulks: BulkDriver; woken: OperationId[] } {
  const woken: OperationId[] = [];
  const bulks = postgresBulkDriver(database);
  const queue = { wakeUp: async (id: OperationId) => void woken.push(id) };
  const log = { info: () => {}, warn: (facts: object) => fail(facts), error: (facts: object) => fail(facts) };
  return { sweep: () => driveBulkOperations({ bulks, queue, log }), bulks, woken };
}

function fail(facts: object): never {
  throw new Error('the sweep had trouble', { cause: facts });
}

export async function bulkItems(call: Call, id: string, state?: string): Promise<Json[]> {
  const { body } = await call('GET', `/v1/bulk-operations/${id}/items?limit=500${state === undefined ? '' : `&state=${state}`}`);
  return body.items;
}
