// What the API needs of the health controller; the store fits itself to it.
import type { Facts } from '@rackwright/domain/errors.ts';
import type { Decision } from '@rackwright/domain/health/decision.ts';
import type { HealthPolicy, HealthPolicyChange } from '@rackwright/domain/health/policy.ts';
import type { SignalName } from '@rackwright/domain/health/signals.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Expected } from './collection-needs.ts';

export type ServerHealthRecord = {
  signals: { signal: SignalName; source: 'node' | 'bmc'; detail: string; since: string }[];
  /** Null: it is well, or nobody decided yet. */
  decision:
    | (Pick<Decision, 'do' | 'rung' | 'because' | 'remedies'> & {
        facts: Facts;
        since: string;
        decidedAt: string;
        until: string | null;
      })
    | null;
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

export interface ServerHealths {
  of(serverId: ServerId): Promise<ServerHealthRecord>;
  /** What its BMC reported is history. May be repeated. */
  forgetFindings(serverId: ServerId, by: string): Promise<void>;
}

export type HealthPolicyRecord = HealthPolicy & { version: number; updatedAt: string };

export interface HealthPolicies {
  get(): Promise<HealthPolicyRecord>;
  /** Undefined members are left as they are. Refusals `precondition_failed` {current}, `health_policy_contradiction` {because}. */
  update(expected: Expected, change: HealthPolicyChange, by: string): Promise<HealthPolicyRecord>;
}
