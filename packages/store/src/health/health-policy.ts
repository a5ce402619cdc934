// How careful the health controller is, and which process is the controller: one row.
import {
  contradictionIn,
  DEFAULT_HEALTH_POLICY,
  type HealthPolicy,
  type HealthPolicyChange,
  withChange,
} from '@rackwright/domain/health/policy.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Database, Sql } from '../database.ts';
import type { Work } from '../inventory/work.ts';
import { type Expected, refuseOtherVersion } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';

export type HealthPolicyRecord = HealthPolicy & { version: number; updatedAt: string };

export async function readHealthPolicy(sql: Sql): Promise<HealthPolicyRecord> {
  const [row] = await sql.query<{ settings: HealthPolicyChange; version: number; updatedAt: string }>(
    'select settings, version, updated_at as "updatedAt" from health_policy',
  );
  if (!row) throw new Error('health_policy is empty: the migrations did not run');
  return { ...withChange(DEFAULT_HEALTH_POLICY, row.settings), version: row.version, updatedAt: row.updatedAt };
}

export function postgresHealthPolicy(work: Work) {
  return {
    get: (): Promise<HealthPolicyRecord> => readHealthPolicy(work.read),

    /** Refusals `precondition_failed` {current}, `health_policy_contradiction` {because}. */
    update: (expected: Expected, change: HealthPolicyChange, by: string): Promise<HealthPolicyRecord> =>
      work.write(async (tx) => {
        await tx.query('select from health_policy for update');
        const { version, updatedAt: _at, ...before } = await readHealthPolicy(tx);
        refuseOtherVersion(version, expected);
        const wanted = withChange(before, change);
        const because = contradictionIn(wanted);
        if (because !== undefined) throw new Refusal('health_policy_contradiction', { because });
        await tx.query('update health_policy set settings = $1, version = version + 1, updated_at = clock_timestamp()', [
          JSON.stringify(wanted),
        ]);
        tx.emit({
          kind: 'health_policy.updated',
          subject: { kind: 'health_policy', id: 'health' },
          version: version + 1,
          payload: { by, ...change },
        });
        return readHealthPolicy(tx);
      }),
  };
}

/** @returns whether this process is the controller for the next `forMs` milliseconds. */
export async function leadHealth(database: Database, who: string, forMs: number): Promise<boolean> {
  const led = await database.query(
    `update health_policy set leader = $1, leader_until = clock_timestamp() + make_interval(secs => $2)
      where leader is null or leader = $1 or leader_until < clock_timestamp() returning leader`,
    [who, forMs / 1_000],
  );
  return led.length > 0;
}

/** Whoever stops in order lets the next one begin at once. */
export async function stopLeadingHealth(database: Database, who: string): Promise<void> {
  await database.query('update health_policy set leader = null, leader_until = null where leader = $1', [who]);
}

/** In the transaction that acts: two that think they lead are told apart here, and wait for each other. @returns whether it may */
export async function stillLeadsHealth(tx: Transaction, who: string): Promise<boolean> {
  const held = await tx.query(
    'select from health_policy where leader = $1 and leader_until > clock_timestamp() for no key update',
    [who],
  );
  return held.length > 0;
}
