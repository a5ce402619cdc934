// The contract of ClusterApi, second part: nodes are seen, marked, emptied and deleted.
import type { ClusterApi, DrainPolicy, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { expect, test, vi } from 'vitest';
import { type ContractWorld, fresh } from './contract-cluster.ts';

const SOON = { timeout: 20_000, interval: 200 };
const STRICT: DrainPolicy = { localStorage: 'block', unmanaged: 'block' };
const LENIENT: DrainPolicy = { localStorage: 'evict', unmanaged: 'evict' };

export function contractOfLeaving(world: () => ContractWorld): void {
  test('a watch tells what is there, what changes and what goes', async () => {
    const { api, hand } = world();
    const [before, later] = [fresh('there'), fresh('later')];
    await hand.node(before);
    const seen: NodeChange[] = [];
    const stop = api.watchNodes((change) => void seen.push(change));
    await vi.waitFor(() => expect(seen[0]?.kind).toBe('listed'), SOON);
    expect(seen[0]).toMatchObject({ nodes: expect.arrayContaining([expect.objectContaining({ name: before })]) });

    const { uid } = (await hand.node(later)).metadata;
    await api.ensureNodeLabels(later, { 'rackwright.io/rack': 'a1' });
    await api.deleteNode(later, uid);
    const ofLater = () =>
      seen.flatMap((change) => (change.kind === 'changed' && change.node.name === later ? [change.node] : []));
    await vi.waitFor(() => expect(seen).toContainEqual({ kind: 'removed', name: later, uid }), SOON);
    expect(ofLater().at(0)?.labels).not.toHaveProperty('rackwright.io/rack');
    expect(ofLater().at(-1)?.labels).toMatchObject({ 'rackwright.io/rack': 'a1' });
    stop();
    const told = seen.length;
    await hand.node(fresh('unseen'));
    await api.nodes();
    expect(seen).toHaveLength(told);
  });

  test('labels and taints of ours are set and removed, all others stay', async () => {
    const { api, hand } = world();
    const name = fresh('labelled');
    await hand.node(name, { theirs: 'stays' }, [{ key: 'theirs', effect: 'NoSchedule' }]);
    const taint = { key: 'rackwright.io/not-ready', value: 'burn-in', effect: 'NoSchedule' } as const;
    await api.ensureNodeLabels(name, { 'rackwright.io/rack': 'a1', 'rackwright.io/power': 'feed-1' }, [taint]);
    // Kubernetes' node controller writes the taints of a young node from a copy that may be older than ours.
    await vi.waitFor(async () => {
      await api.ensureNodeLabels(name, { 'rackwright.io/rack': 'a2', 'rackwright.io/power': null }, [taint]);
      const taints = expect.arrayContaining([{ key: 'theirs', effect: 'NoSchedule' }, taint]);
      expect(await api.node(name)).toMatchObject({ labels: { theirs: 'stays', 'rackwright.io/rack': 'a2' }, taints });
    }, SOON);
    expect((await api.node(name))?.labels).not.toHaveProperty('rackwright.io/power');
    await vi.waitFor(async () => {
      await api.removeNodeTaints(name, [taint]);
      await api.removeNodeTaints(name, [taint]);
      const keys = (await api.node(name))?.taints.map(({ key }) => key);
      expect(keys).toContain('theirs');
      expect(keys).not.toContain(taint.key);
    }, SOON);
    const gone = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' } as const;
    await vi.waitFor(async () => {
      await api.ensureNodeTaints(name, [gone]);
      await api.ensureNodeTaints(name, [gone]);
      expect((await api.node(name))?.taints).toEqual(expect.arrayContaining([{ key: 'theirs', effect: 'NoSchedule' }, gone]));
    }, SOON);
    await expect(api.ensureNodeTaints(fresh('nobody'), [gone])).resolves.toBeUndefined();
    await expect(api.ensureNodeLabels(fresh('nobody'), { a: 'b' })).rejects.toMatchObject({ code: 'node_unknown' });
  });

  test('only the job that cordoned a node opens it again', async () => {
    const { api, hand } = world();
    const name = fresh('cordoned');
    await hand.node(name);
    await api.cordon(name, 'job-1');
    await api.cordon(name, 'job-1');
    expect(await api.node(name)).toMatchObject({ unschedulable: true, cordonedBy: 'job-1' });
    expect(await api.uncordonIfOurs(name, 'job-2')).toBe(false);
    expect(await api.uncordonIfOurs(name, 'job-1')).toBe(true);
    expect(await api.uncordonIfOurs(name, 'job-1')).toBe(false);
    expect(await api.node(name)).toMatchObject({ unschedulable: false, cordonedBy: undefined });

    await hand.patch(`/api/v1/nodes/${name}`, { spec: { unschedulable: true } });
    await api.cordon(name, 'job-3');
    expect(await api.uncordonIfOurs(name, 'job-3')).toBe(false);
    expect(await api.node(name)).toMatchObject({ unschedulable: true });
    await expect(api.cordon(fresh('nobody'), 'job-1')).rejects.toMatchObject({ code: 'node_unknown' });
  });

  test('a drain names the pod and the budget that holds it, and goes on when there is room', async () => {
    const { api, hand } = world();
    const [node, namespace] = [fresh('drained'), fresh('ns')];
    await hand.node(node);
    await hand.namespace(namespace);
    await hand.pod(namespace, { name: 'web', node, labels: { app: 'web' } });
    await hand.pod(namespace, { name: 'free', node });
    const budgets = `/apis/${await budgetVersion(hand)}/namespaces/${namespace}/poddisruptionbudgets`;
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'web' } } };
    await hand.post(budgets, {
      apiVersion: await budgetVersion(hand),
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web-budget' },
      spec,
    });
    await api.cordon(node, 'job-1');
    const began = Date.now();

    const evicted: string[] = [];
    await vi.waitFor(async () => {
      const pass = await api.drainPass(node, LENIENT);
      evicted.push(...pass.evicted.map(({ name }) => name));
      expect(pass.remaining).toMatchObject([
        { namespace, name: 'web', blockedBy: { reason: 'disruption_budget', pdb: 'web-budget' } },
      ]);
      expect(pass.remaining[0]?.blockedBy?.message).toMatch(/needs 1 healthy pods and has 1 currently/);
      expect(Math.abs(Date.parse(pass.remaining[0]?.since ?? '') - began)).toBeLessThan(10_000);
    }, SOON);
    expect(evicted).toEqual(['free']);

    // Looked at beforehand, it is the same: and nothing is touched.
    const outlook = async () => (await api.drainOutlook([node], LENIENT)).get(node);
    const web = { pod: `${namespace}/web`, budgets: [`${namespace}/web-budget`] };
    await vi.waitFor(async () => {
      const heldBy = 'disruption budget web-budget needs 1 healthy pods and has 1';
      expect(await outlook()).toEqual({ evicted: [{ ...web, heldBy }], staying: 0, leaving: 0 });
    }, SOON);

    const elsewhere = fresh('elsewhere');
    await hand.node(elsewhere);
    await hand.pod(namespace, { name: 'web-2', node: elsewhere, labels: { app: 'web' } });
    await vi.waitFor(async () => expect((await outlook())?.evicted).toEqual([{ ...web, heldBy: null }]), SOON);
    expect(await hand.find(`/api/v1/namespaces/${namespace}/pods/web`)).toBeDefined();
    await vi.waitFor(async () => expect(await api.drainPass(node, LENIENT)).toEqual({ remaining: [], evicted: [] }), SOON);
    expect(await hand.find(`/api/v1/namespaces/${namespace}/pods/web-2`)).toBeDefined();
  });

  test('a drain leaves alone what kubectl leaves alone, and holds for what the policy protects', async () => {
    const { api, hand } = world();
    const [node, namespace] = [fresh('strict'), fresh('ns')];
    await hand.node(node, { 'contract-node': node });
    await hand.namespace(namespace);
    const labels = { app: 'agent' };
    const template = {
      metadata: { labels },
      spec: { nodeSelector: { 'contract-node': node }, containers: [{ name: 'main', image: 'none' }] },
    };
    const set = await hand.post(`/apis/apps/v1/namespaces/${namespace}/daemonsets`, {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent' },
      spec: { selector: { matchLabels: labels }, updateStrategy: { type: 'OnDelete' }, template },
    });
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: set.metadata.uid };
    await hand.pod(namespace, { name: 'agent-x', node, labels, owner });
    await hand.pod(namespace, { name: 'mirror', node, annotations: { 'kubernetes.io/config.mirror': 'x' } });
    await hand.pod(namespace, { name: 'alone', node });
    const nodeUid = (await api.node(node))?.uid ?? '';
    await hand.pod(namespace, {
      name: 'scratch',
      node,
      emptyDir: true,
      owner: { apiVersion: 'v1', kind: 'Node', name: node, uid: nodeUid },
    });

    const strict = await api.drainPass(node, STRICT);
    expect(strict.evicted).toEqual([]);
    expect(strict.remaining.map(({ name, blockedBy }) => [name, blockedBy?.reason])).toEqual([
      ['alone', 'unmanaged'],
      ['scratch', 'local_storage'],
    ]);
    const lenient = await api.drainPass(node, LENIENT);
    expect(lenient.evicted.map(({ name }) => name)).toEqual(['alone', 'scratch']);
    expect(await api.drainPass(node, LENIENT)).toEqual({ remaining: [], evicted: [] });
    expect(await hand.find(`/api/v1/namespaces/${namespace}/pods/mirror`)).toBeDefined();
  });

  test('a pod on its way out blocks nothing and is named until it is gone; force removes that very pod', async () => {
    const { api, hand } = world();
    const [node, namespace] = [fresh('slow'), fresh('ns')];
    await hand.node(node);
    await hand.namespace(namespace);
    const { uid } = (await hand.pod(namespace, { name: 'slow', node, graceSeconds: 600 })).metadata;
    const began = Date.now();
    expect((await api.drainPass(node, LENIENT)).evicted).toEqual([{ namespace, name: 'slow', uid }]);
    const [leaving, ...others] = (await api.drainPass(node, LENIENT)).remaining;
    expect(leaving).toEqual({ namespace, name: 'slow', uid, since: expect.any(String) });
    expect(others).toEqual([]);
    expect(Math.abs(Date.parse(leaving?.since ?? '') - began)).toBeLessThan(10_000);

    await api.forceDeletePod({ namespace, name: 'slow', uid: '00000000-0000-0000-0000-000000000000' });
    expect((await api.drainPass(node, LENIENT)).remaining).toHaveLength(1);
    await api.forceDeletePod({ namespace, name: 'slow', uid });
    await api.forceDeletePod({ namespace, name: 'slow', uid });
    expect((await api.drainPass(node, LENIENT)).remaining).toEqual([]);
  });

  test('a node is deleted by its uid; its successor of the same name is not', async () => {
    const { api, hand } = world();
    const name = fresh('deleted');
    const first = (await hand.node(name)).metadata.uid;
    await api.deleteNode(name, first);
    await api.deleteNode(name, first);
    expect(await api.node(name)).toBeUndefined();
    const second = (await hand.node(name)).metadata.uid;
    await expect(api.deleteNode(name, first)).rejects.toMatchObject({
      code: 'node_replaced',
      facts: { node: name, now: second },
    });
    expect((await namesOf(api)).filter((listed) => listed === name)).toEqual([name]);
  });
}

async function namesOf(api: ClusterApi): Promise<string[]> {
  return (await api.nodes()).map(({ name }) => name);
}

/** policy/v1 from 1.21 on. */
async function budgetVersion(hand: ContractWorld['hand']): Promise<string> {
  return (await hand.find('/apis/policy/v1')) ? 'policy/v1' : 'policy/v1beta1';
}
