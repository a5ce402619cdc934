// A server's health as the API shows it: names from the tables of the domain beside what is on file.
import type { HealthPolicyView, ServerHealthView } from '@rackwright/api-contract/resources/health.ts';
import { howToSayYes, type Remedy } from '@rackwright/domain/health/remedies.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { HEALTH_REASONS } from '@rackwright/domain/health/reasons.ts';
import { rowOf, SIGNALS } from '@rackwright/domain/health/signals.ts';
import type { HealthPolicyRecord, ServerHealthRecord } from '../health-needs.ts';
import type { ServerRecord } from '../records.ts';

export function viewServerHealth(server: ServerRecord, record: ServerHealthRecord): ServerHealthView {
  return {
    kind: 'server_health',
    serverId: server.id,
    serverName: server.name,
    state: server.state,
    signals: record.signals.map(viewSignal),
    decision: record.decision && viewDecision(server.id, record.decision),
    powerCycles: record.powerCycles,
    remediations: record.remediations,
  };
}

export const viewHealthPolicy = (policy: HealthPolicyRecord): HealthPolicyView => ({ kind: 'health_policy', ...policy });

/** A row may be of a later release than this process. */
function viewSignal(seen: ServerHealthRecord['signals'][number]): ServerHealthView['signals'][number] {
  if (!Object.hasOwn(SIGNALS, seen.signal)) return { ...seen, means: seen.signal, lasts: 'temporary', firstRung: 'observe' };
  const { means, lasts, first } = rowOf(seen.signal);
  return { ...seen, means, lasts, firstRung: first };
}

function viewDecision(
  serverId: ServerId,
  decided: NonNullable<ServerHealthRecord['decision']>,
): NonNullable<ServerHealthView['decision']> {
  const known = Object.hasOwn(HEALTH_REASONS, decided.because) ? HEALTH_REASONS[decided.because] : undefined;
  return {
    ...decided,
    says: known?.says ?? decided.because,
    unblockedBy: known?.unblockedBy ?? '',
    facts: { ...decided.facts },
    remedies: decided.remedies.map((remedy) => viewRemedy(serverId, remedy)),
  };
}

function viewRemedy(serverId: ServerId, remedy: Remedy): NonNullable<ServerHealthView['decision']>['remedies'][number] {
  const { because, facts, until } = remedy;
  const known = because !== null && Object.hasOwn(HEALTH_REASONS, because) ? HEALTH_REASONS[because] : undefined;
  return {
    remedy: remedy.remedy,
    state: remedy.state,
    id: remedy.id,
    cause: remedy.cause,
    because,
    says: known?.says ?? because,
    unblockedBy: known?.unblockedBy ?? null,
    sayYes: remedy.state === 'waits' ? howToSayYes(serverId, remedy) : null,
    facts: { ...facts },
    until: until === null ? null : new Date(until).toISOString(),
  };
}
