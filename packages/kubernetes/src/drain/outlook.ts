// What a drain would meet now, without touching anything: pods sorted as the drain sorts them, budgets as the eviction API counts them.
import type { DrainOutlook, PodOnNode } from '@rackwright/domain/plans/cluster-sight.ts';
import type { ClusterApi, DrainPolicy } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import type { GroupVersions } from '../http/group-versions.ts';
import { listAll } from '../http/list-all.ts';
import type { BudgetObject, PodObject } from '../http/objects.ts';
import { classifyPod, daemonSetOf } from './classify.ts';
import { covers, holds } from './budgets.ts';

/** Beyond this many nodes one list of all pods is less work than a list for each. */
const MOST_BY_NODE = 10;

export function outlookMethods(connection: Connection, versions: GroupVersions): Pick<ClusterApi, 'drainOutlook'> {
  return {
    async drainOutlook(names, policy) {
      const apiVersion = await versions.eviction();
      const path = `/apis/${apiVersion}/poddisruptionbudgets`;
      const told = (budget: BudgetObject): BudgetObject => ({ ...budget, apiVersion });
      const budgets = await listAll(connection, path, {}, 'list disruption budgets', told);
      const pods = await podsOf(connection, names);
      const daemonSets = await daemonSetNames(connection, pods);
      const byNode = Map.groupBy(pods, (pod) => pod.spec?.nodeName ?? '');
      return new Map(names.map((name) => [name, outlookOf(byNode.get(name) ?? [], budgets.items, daemonSets, policy)]));
    },
  };
}

async function podsOf(connection: Connection, names: readonly string[]): Promise<PodObject[]> {
  const wanted = new Set(names);
  const list = async (selector: Record<string, string>, doing: string) =>
    (await listAll<PodObject, PodObject>(connection, '/api/v1/pods', selector, doing, (pod) => pod)).items;
  if (names.length > MOST_BY_NODE) {
    return (await list({}, 'list pods')).filter((pod) => wanted.has(pod.spec?.nodeName ?? ''));
  }
  const lists = [];
  for (const name of names) lists.push(await list({ fieldSelector: `spec.nodeName=${name}` }, `list pods on ${name}`));
  return lists.flat();
}

async function daemonSetNames(connection: Connection, pods: readonly PodObject[]): Promise<Set<string>> {
  if (!pods.some((pod) => daemonSetOf(pod) !== undefined)) return new Set();
  const path = '/apis/apps/v1/daemonsets';
  const { items } = await listAll<PodObject, string>(connection, path, {}, 'list DaemonSets', keyOf);
  return new Set(items);
}

const keyOf = ({ metadata: { namespace, name } }: Pick<PodObject, 'metadata'>): string => `${namespace ?? 'default'}/${name}`;

function outlookOf(
  pods: readonly PodObject[],
  budgets: readonly BudgetObject[],
  daemonSets: ReadonlySet<string>,
  policy: DrainPolicy,
): DrainOutlook {
  const evicted: PodOnNode[] = [];
  let [staying, leaving] = [0, 0];
  for (const pod of pods) {
    const daemonSet = `${pod.metadata.namespace ?? 'default'}/${daemonSetOf(pod)}`;
    const verdict = classifyPod(pod, policy, daemonSets.has(daemonSet));
    if (verdict.kind === 'stays') staying += 1;
    else if (verdict.kind === 'leaving') leaving += 1;
    else evicted.push(podOnNode(pod, budgets, verdict.kind === 'held' ? verdict.message : null));
  }
  return { evicted, staying, leaving };
}

function podOnNode(pod: PodObject, budgets: readonly BudgetObject[], held: string | null): PodOnNode {
  const covering = budgets.filter((budget) => covers(budget, pod));
  return { pod: keyOf(pod), budgets: covering.map(keyOf), heldBy: held ?? holds(covering, pod) };
}
