// What the health controller decided about one server.
import type { Facts } from '../errors.ts';
import type { ServerId } from '../ids.ts';
import type { DomainIncident } from './find-domain-incidents.ts';
import type { ClusterJudgement } from './judge-clusters.ts';
import type { Rung } from './ladder.ts';
import type { Remedy } from './remedies.ts';
import type { HealthReason } from './reasons.ts';

export type Decision = {
  serverId: ServerId;
  /** `look`: ask its BMC whether it is there, then decide again. */
  do: 'nothing' | 'look' | 'remediate' | 'escalate';
  /** Where the ladder is entered, or who is to go on; `observe` while nothing is done. */
  rung: Rung;
  because: HealthReason;
  facts: Facts;
  /** When time alone changes it; milliseconds. */
  until: number | null;
  /** Of an escalation: what is begun, was begun, or waits. */
  remedies: Remedy[];
};

/** What keeps whole groups of servers from being touched. */
export type Guards = {
  clusters: ReadonlyMap<string, ClusterJudgement>;
  domains: readonly DomainIncident[];
  bmcNetworkSilent: boolean;
};
