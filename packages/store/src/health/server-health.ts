// One server's health as the API shows it: signals, what was decided and why, what was done before.
import type { HealthReason } from '@rackwright/domain/health/reasons.ts';
import type { Rung } from '@rackwright/domain/health/ladder.ts';
import type { Remedy } from '@rackwright/domain/health/remedies.ts';
import type { SignalName } from '@rackwright/domain/health/signals.ts';
import type { Decision } from '@rackwright/domain/health/decision.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import type { Work } from '../inventory/work.ts';
import { readHealthPolicy } from './health-policy.ts';
import { forgetFindings } from './note-findings.ts';
import { IS_POWER_CYCLE } from './power-cycles.ts';

export type ServerHealthRecord = {
  signals: { signal: SignalName; source: 'node' | 'bmc'; detail: string; since: string }[];
  /** Null: it is well, or nobody decided yet. */
  decision: {
    do: Decision['do'];
    rung: Rung;
    because: HealthReason;
    facts: Facts;
    since: string;
    decidedAt: string;
    until: string | null;
    /** Of an escalation. */
    remedies: Remedy[];
  } | null;
  /** The last twenty, newest first. */
  remediations: {
    operationId: OperationId;
    state: string;
    requestedBy: string;
    startedAt: string;
    finishedAt: string | null;
    failure: string | null;
    powerCycles: number;
  }[];
  powerCycles: { lastDay: number; mostPerDay: number };
};

export function postgresServerHealth(work: Work) {
  return {
    of: (serverId: ServerId): Promise<ServerHealthRecord> => readServerHealth(work.read, serverId),
    /** What its BMC reported is history, by the word of whoever looked. May be repeated. */
    forgetFindings: (serverId: ServerId, by: string): Promise<void> => work.write((tx) => forgetFindings(tx, serverId, by)),
  };
}

async function readServerHealth(sql: Sql, serverId: ServerId): Promise<ServerHealthRecord> {
  const signals = await sql.query<ServerHealthRecord['signals'][number]>(
    'select signal, source, detail, since from health_signals where server_id = $1 order by since, family',
    [serverId],
  );
  const [decision] = await sql.query<NonNullable<ServerHealthRecord['decision']>>(
    `select deed as do, rung, because, facts, since, decided_at as "decidedAt", until, remedies from health_decisions where server_id = $1`,
    [serverId],
  );
  const remediations = await sql.query<ServerHealthRecord['remediations'][number]>(
    `select o.id as "operationId", o.state::text as state, o.requested_by as "requestedBy", o.created_at as "startedAt",
            o.finished_at as "finishedAt", o.error->>'code' as failure,
            (select count(*) from operation_steps p where p.operation_id = o.id and ${IS_POWER_CYCLE}) as "powerCycles"
       from operations o where o.server_id = $1 and o.type = 'remediate-server' order by o.id desc limit 20`,
    [serverId],
  );
  const [cycles] = await sql.query<{ lastDay: number }>(
    `select count(*) as "lastDay" from operations o join operation_steps p on p.operation_id = o.id
      where o.server_id = $1 and ${IS_POWER_CYCLE} and p.started_at > now() - interval '24 hours'`,
    [serverId],
  );
  const { powerCyclesPerDay } = await readHealthPolicy(sql);
  const powerCycles = { lastDay: cycles?.lastDay ?? 0, mostPerDay: powerCyclesPerDay };
  return { signals, decision: decision ?? null, remediations, powerCycles };
}
