// Everything that the API reads and writes, and requests that may be sent twice.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Database } from '../database.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { postgresSchedules } from '../schedules/postgres-schedules.ts';
import { inTransaction } from '../transaction.ts';
import { postgresHealthPolicy } from '../health/health-policy.ts';
import { postgresServerHealth } from '../health/server-health.ts';
import { postgresIncidents } from '../incidents/postgres-incidents.ts';
import { postgresWorkOrders } from '../work-orders/postgres-work-orders.ts';
import { postgresBulkOperations } from '../plans/postgres-bulk-operations.ts';
import { postgresPlans } from '../plans/postgres-plans.ts';
import { postgresWebhooks } from '../webhooks/postgres-webhooks.ts';
import { postgresBmcReadings } from './bmc-readings.ts';
import { postgresDiskRemovals } from './disk-removals.ts';
import { postgresDiscoveries } from './discoveries.ts';
import { postgresHardwareModels } from './hardware-models.ts';
import { postgresEnclosures } from './enclosures.ts';
import { postgresNetworks, postgresRacks, postgresSites } from './places.ts';
import { postgresColdStarts } from '../power/cold-starts.ts';
import { postgresPower } from '../power/postgres-power.ts';
import { postgresCertificates } from './postgres-certificates.ts';
import { postgresOperations } from './postgres-operations.ts';
import { postgresReplacements } from './postgres-replacements.ts';
import { postgresServerInventory } from './postgres-server-inventory.ts';
import { postgresArtifacts, postgresClusters, postgresImageCatalogue } from './software.ts';
import { ownTransactions, partOf, type Work } from './work.ts';

export type Inventory = ReturnType<typeof inventoryIn>;

/** Each write is a transaction of its own. */
export function postgresInventory(database: Database, keyring: Keyring): Inventory {
  return inventoryIn(ownTransactions(database), keyring);
}

function inventoryIn(work: Work, keyring: Keyring) {
  return {
    sites: postgresSites(work),
    racks: postgresRacks(work),
    enclosures: postgresEnclosures(work),
    networks: postgresNetworks(work),
    images: postgresImageCatalogue(work),
    artifacts: postgresArtifacts(work),
    clusters: postgresClusters(work, keyring),
    servers: postgresServerInventory(work, keyring),
    bmcReadings: postgresBmcReadings(work),
    hardwareModels: postgresHardwareModels(work),
    discoveries: postgresDiscoveries(work, keyring),
    operations: postgresOperations(work),
    incidents: postgresIncidents(work),
    power: postgresPower(work),
    coldStarts: postgresColdStarts(work),
    health: postgresServerHealth(work),
    healthPolicy: postgresHealthPolicy(work),
    replacements: postgresReplacements(work),
    certificates: postgresCertificates(work.read),
    webhooks: postgresWebhooks(work, keyring),
    schedules: postgresSchedules(work),
    workOrders: postgresWorkOrders(work),
    plans: postgresPlans(work),
    bulkOperations: postgresBulkOperations(work),
    diskRemovals: postgresDiskRemovals(work),
  };
}

export type IdempotentRequest = { principal: string; method: string; path: string; key: string; bodyHash: string };
export type Answer = { status: number; headers: Record<string, string>; body: unknown };

const KEPT = '72 hours';

/**
 * `once`: the first caller's deed and its answer are one transaction; later callers with the same key get that answer. Refusals
 * `idempotency_key_reused` (another body), `idempotency_in_progress`. A deed that is refused leaves nothing, not even the key.
 */
export function postgresIdempotency(database: Database, keyring: Keyring) {
  return {
    once: (
      request: IdempotentRequest,
      does: (inventory: Inventory) => Promise<Answer>,
    ): Promise<{ answer: Answer; replayed: boolean }> =>
      inTransaction(database, async (tx) => {
        const { principal, method, path, key, bodyHash } = request;
        const scope = [principal, method, path, key];
        // Held until the transaction ends, however it ends: nothing to clean up when we die.
        const [lock] = await tx.query<{ ours: boolean }>('select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as ours', [
          JSON.stringify(scope),
        ]);
        if (!lock?.ours) throw new Refusal('idempotency_in_progress');
        const [known] = await tx.query<{ bodyHash: string; answer: Answer }>(
          `select body_hash as "bodyHash", response as answer from idempotency_keys
            where principal = $1 and method = $2 and path = $3 and key = $4 and expires_at > now()`,
          scope,
        );
        if (known && known.bodyHash !== bodyHash) throw new Refusal('idempotency_key_reused');
        if (known) return { answer: known.answer, replayed: true };

        const answer = await does(inventoryIn(partOf(tx), keyring));
        await tx.query(
          `insert into idempotency_keys (principal, method, path, key, body_hash, status, response, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, now() + interval '${KEPT}')
           on conflict (principal, method, path, key) do update
             set body_hash = excluded.body_hash, status = excluded.status, response = excluded.response,
                 created_at = now(), expires_at = excluded.expires_at`,
          [...scope, bodyHash, answer.status, JSON.stringify(answer)],
        );
        return { answer, replayed: false };
      }),
  };
}
