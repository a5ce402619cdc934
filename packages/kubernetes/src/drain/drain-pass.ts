// One pass of a drain: ask every pod to go, see which stay and why. Never waits for a pod: the caller comes back.
import type { ClusterApi, DrainPolicy, DrainPass, PodName, RemainingPod } from '../cluster-api.ts';
import type { Connection } from '../http/connection.ts';
import { failureFault } from '../http/faults.ts';
import type { GroupVersions } from '../http/group-versions.ts';
import { listAll } from '../http/list-all.ts';
import type { NodeObject, PodObject } from '../http/objects.ts';
import { nodePath } from '../nodes/change-node.ts';
import { CORDONED_SINCE } from '../nodes/read-node.ts';
import { classifyPod, daemonSetOf } from './classify.ts';
import { readEvictionRefusal } from './read-refusal.ts';

const PASS_BUDGET_MS = 10_000;

type DrainMethods = Pick<ClusterApi, 'drainPass' | 'forceDeletePod'>;

export function drainMethods(connection: Connection, versions: GroupVersions, now: () => Date): DrainMethods {
  return {
    async drainPass(name, policy) {
      const began = now();
      const pods = await podsOn(connection, name);
      const daemonSets = await existingDaemonSets(connection, pods);
      const cordoned = await cordonedSince(connection, name, began);
      const eviction = await versions.eviction();
      const pass: DrainPass = { remaining: [], evicted: [] };
      for (const pod of pods) {
        const verdict = classifyPod(pod, policy, daemonSets.has(daemonSetKey(pod)));
        if (verdict.kind === 'stays') continue;
        const id = podName(pod);
        const late = now().getTime() - began.getTime() > (policy.passBudgetMs ?? PASS_BUDGET_MS);
        if (verdict.kind === 'leaving') pass.remaining.push({ ...id, since: deletionAsked(pod) });
        else if (verdict.kind === 'held') {
          pass.remaining.push({ ...id, blockedBy: { reason: verdict.reason, message: verdict.message }, since: cordoned });
        } else if (late) {
          pass.remaining.push({ ...id, blockedBy: { reason: 'not_tried_yet', message: 'later pass' }, since: cordoned });
        } else {
          const blockedBy = await evict(connection, id, eviction, policy);
          if (blockedBy === undefined) pass.evicted.push(id);
          else pass.remaining.push({ ...id, blockedBy, since: cordoned });
        }
      }
      return pass;
    },

    async forceDeletePod(pod) {
      const doing = `force deletion of pod ${pod.namespace}/${pod.name}`;
      const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.uid } };
      const answer = await connection.ask({ method: 'DELETE', path: podPath(pod), body, doing });
      // 409: another pod has the name (a StatefulSet's next one); ours is gone, and that one is not ours to kill.
      if (answer.ok || answer.failure.status === 404 || answer.failure.status === 409) return;
      throw failureFault(answer.failure, doing);
    },
  };
}

async function podsOn(connection: Connection, node: string): Promise<PodObject[]> {
  const selector = { fieldSelector: `spec.nodeName=${node}` };
  return (await listAll<PodObject, PodObject>(connection, '/api/v1/pods', selector, `list pods on ${node}`, (pod) => pod)).items;
}

/** When the node was cordoned by us: since then its pods are asked to go. */
async function cordonedSince(connection: Connection, name: string, began: Date): Promise<string> {
  const doing = `read node ${name}`;
  const node = await connection.find<NodeObject>({ method: 'GET', path: nodePath(name), doing });
  return node?.metadata.annotations?.[CORDONED_SINCE] ?? began.toISOString();
}

async function existingDaemonSets(connection: Connection, pods: PodObject[]): Promise<Set<string>> {
  const existing = new Set<string>();
  for (const key of new Set(pods.filter((pod) => daemonSetOf(pod) !== undefined).map(daemonSetKey))) {
    const [namespace = '', name = ''] = key.split('/');
    const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}`;
    if (await connection.find({ method: 'GET', path, doing: `read DaemonSet ${key}` })) existing.add(key);
  }
  return existing;
}

function daemonSetKey(pod: PodObject): string {
  return `${pod.metadata.namespace}/${daemonSetOf(pod)}`;
}

/** Undefined: it agreed, or the pod is gone already. */
async function evict(
  connection: Connection,
  pod: PodName,
  apiVersion: string,
  policy: DrainPolicy,
): Promise<RemainingPod['blockedBy'] | undefined> {
  const { namespace, name, uid } = pod;
  const grace = policy.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: policy.gracePeriodSeconds };
  const deleteOptions = { preconditions: { uid }, ...grace };
  const body = { apiVersion, kind: 'Eviction', metadata: { name, namespace }, deleteOptions };
  const doing = `evict pod ${namespace}/${name}`;
  const answer = await connection.ask({ method: 'POST', path: `${podPath(pod)}/eviction`, body, doing });
  // 409: the uid is another's, so this pod is gone and its successor is seen by the next pass.
  if (answer.ok || answer.failure.status === 404 || answer.failure.status === 409) return undefined;
  // Our own rights are wanting: that is no property of the pod. A namespace being deleted also says 403, with a cause.
  const { status, causes } = answer.failure;
  if (status === 401 || (status === 403 && causes.length === 0)) throw failureFault(answer.failure, doing);
  return readEvictionRefusal(answer.failure);
}

/** When the deletion was asked for: the API server writes when the grace period will be over. */
function deletionAsked(pod: PodObject): string {
  const ends = Date.parse(pod.metadata.deletionTimestamp ?? '');
  const grace = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return Number.isNaN(ends) ? '' : new Date(ends - grace).toISOString();
}

function podName(pod: PodObject): PodName {
  return { namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name, uid: pod.metadata.uid };
}

function podPath(pod: PodName): string {
  return `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`;
}
