// How careful the health controller is: times, budgets and guards, with defaults that suit a data centre.

export type HealthPolicy = {
  /** Nothing new is begun while true; what runs goes on. */
  paused: boolean;
  /** So long a signal must stand before anything is done. */
  settleSeconds: number;
  /** So long a machine may take from power-on to a Ready node; large memories are slow to test. */
  bootSeconds: number;
  /** Power cycles of one server within 24 hours. */
  powerCyclesPerDay: number;
  /** Servers in remediation at the same time, behind one thing. */
  atOncePerCluster: number;
  atOncePerRack: number;
  atOncePerFeed: number;
  atOncePerSwitch: number;
  /** More unhealthy servers than this share of a cluster are a storm; one is always allowed. */
  clusterUnhealthyPercent: number;
  /** So many servers behind one rack, feed or switch that fail … */
  domainFailures: number;
  /** … within so long are one trouble of what they share. */
  domainWindowSeconds: number;
  /** So long after a storm or a domain incident nothing new is begun. */
  cooldownSeconds: number;
  /** So many silent BMCs among the servers we wanted to act on are a silent network, not dead BMCs. */
  silentBmcs: number;
  /** What comes after restarts. */
  escalation: EscalationPolicy;
};

/** `ask`: an incident says how a person says yes. `automatic`: begun by the policy, within its budgets. */
export const LEAVES = ['ask', 'automatic'] as const;
export type Leave = (typeof LEAVES)[number];

export type EscalationPolicy = {
  reimage: Leave;
  replace: Leave;
  workOrder: Leave;
  /** Begun by the policy in one cluster within 24 hours. */
  reimagesPerDay: number;
  replacementsPerDay: number;
  workOrdersPerDay: number;
};

/** A part of the policy: of what stands under `escalation`, a part as well. */
export type HealthPolicyChange = Partial<Omit<HealthPolicy, 'escalation'>> & {
  escalation?: { [Name in keyof EscalationPolicy]?: EscalationPolicy[Name] | undefined } | undefined;
};

export const DEFAULT_HEALTH_POLICY: HealthPolicy = {
  paused: false,
  settleSeconds: 300,
  bootSeconds: 1_200,
  powerCyclesPerDay: 3,
  atOncePerCluster: 3,
  atOncePerRack: 2,
  atOncePerFeed: 2,
  atOncePerSwitch: 2,
  clusterUnhealthyPercent: 40,
  domainFailures: 3,
  domainWindowSeconds: 180,
  cooldownSeconds: 600,
  silentBmcs: 3,
  escalation: {
    // Both cost what is on the root disk; a work order touches nothing.
    reimage: 'ask',
    replace: 'ask',
    workOrder: 'automatic',
    reimagesPerDay: 2,
    replacementsPerDay: 2,
    workOrdersPerDay: 10,
  },
};

/** What is not told stays as it is. */
export function withChange(policy: HealthPolicy, { escalation, ...rest }: HealthPolicyChange): HealthPolicy {
  const told = Object.fromEntries(Object.entries(escalation ?? {}).filter(([, value]) => value !== undefined));
  return { ...policy, ...rest, escalation: { ...policy.escalation, ...told } };
}

/**
 * What is wrong with it, or undefined. The first of many failures must not be acted on before the others had time to show:
 * a signal settles no sooner than the window of a domain incident closes.
 */
export function contradictionIn(policy: HealthPolicy): string | undefined {
  if (policy.settleSeconds < policy.domainWindowSeconds) return 'settleSeconds must be at least domainWindowSeconds';
  return undefined;
}
