// How much the policy may begin by itself in one cluster within 24 hours: counted from the records of what it began.
import type { RemedyName } from './remedies.ts';
import type { HealthView, ServerHealth } from './view.ts';

export type DayBudgets = {
  isSpent(server: ServerHealth, remedy: RemedyName): boolean;
  spend(server: ServerHealth, remedy: RemedyName): void;
};

export function dayBudgetsOf({ policy, begunToday }: Pick<HealthView, 'policy' | 'begunToday'>): DayBudgets {
  const { workOrdersPerDay, reimagesPerDay, replacementsPerDay } = policy.escalation;
  const most = { open_work_order: workOrdersPerDay, reimage: reimagesPerDay, replace: replacementsPerDay };
  const spent = new Map(begunToday.map(({ remedy, clusterId, count }) => [keyOf(remedy, clusterId), count]));
  return {
    isSpent: ({ clusterId }, remedy) => (spent.get(keyOf(remedy, clusterId)) ?? 0) >= most[remedy],
    spend({ clusterId }, remedy) {
      const key = keyOf(remedy, clusterId);
      spent.set(key, (spent.get(key) ?? 0) + 1);
    },
  };
}

/** Hosts without a cluster share one budget. */
const keyOf = (remedy: RemedyName, clusterId: string | null): string => `${remedy} ${clusterId ?? ''}`;
