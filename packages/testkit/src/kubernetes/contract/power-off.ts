// The contract of ClusterApi, third part: what must be known before a machine is switched off, its volumes and the control plane.
import { mayLeave } from '@rackwright/domain/control-plane/may-leave.ts';
import { expect, test, vi } from 'vitest';
import { type ContractWorld, fresh, type Hand } from './contract-cluster.ts';

const SOON = { timeout: 20_000, interval: 200 };
const ATTACHMENTS = '/apis/storage.k8s.io/v1/volumeattachments';

export function contractOfPowerOff(world: () => ContractWorld): void {
  test('a volume is attached until it is not, by the attachment or by the node’s own word; a daemon’s is not waited for', async () => {
    const { api, hand } = world();
    const [node, namespace] = [fresh('storing'), fresh('ns')];
    await hand.node(node);
    await hand.namespace(namespace);
    expect(await api.attachedVolumes(node)).toEqual([]);
    const [data, logs] = [fresh('data'), fresh('logs')];
    await attach(hand, { volume: data, claim: { namespace, name: 'data-db-0' }, node });
    await attach(hand, { volume: logs, claim: { namespace, name: 'logs' }, node });
    await hand.pod(namespace, { name: 'collector', node, claim: 'logs' });
    expect(await api.attachedVolumes(node)).toEqual([
      { volume: data, claim: `${namespace}/data-db-0`, since: expect.any(String) },
    ]);
    expect(await api.attachedVolumes(fresh('another'))).toEqual([]);

    await hand.remove(`${ATTACHMENTS}/at-${data}`);
    const reported = [`kubernetes.io/csi/disk.example^${logs}`, 'kubernetes.io/iscsi/old-one'];
    const volumesAttached = reported.map((name) => ({ name, devicePath: '' }));
    // The controller that keeps this list may write it once more from what it knows.
    await vi.waitFor(async () => {
      await hand.patch(`/api/v1/nodes/${node}/status`, { status: { volumesAttached } });
      expect(await api.attachedVolumes(node)).toEqual([{ volume: 'kubernetes.io/iscsi/old-one', claim: null, since: null }]);
    }, SOON);
    await vi.waitFor(async () => {
      await hand.patch(`/api/v1/nodes/${node}/status`, { status: { volumesAttached: null } });
      expect(await api.attachedVolumes(node)).toEqual([]);
    }, SOON);
  });

  test('etcd’s members and their nodes are seen; one of three may leave, and none while another one leaves', async () => {
    const { api, hand } = world();
    await hand.systemNamespace();
    const names = [fresh('cp'), fresh('cp'), fresh('cp')];
    const [first = '', second = ''] = names;
    for (const [n, name] of names.entries()) {
      await hand.node(name, { 'node-role.kubernetes.io/control-plane': '' });
      await ready(hand, name);
      const cluster = names.slice(0, n + 1).map((member) => `${member}=https://10.0.0.1:2380`);
      const command = ['etcd', `--name=${name}`, `--initial-cluster=${cluster.join(',')}`];
      const labels = { component: 'etcd', tier: 'control-plane' };
      await hand.pod('kube-system', { name: `etcd-${name}`, node: name, labels, command });
    }
    // Nobody beats for these nodes: they are kept Ready while we look.
    const look = async () => {
      for (const name of names) await ready(hand, name);
      const { etcd, nodes } = await api.controlPlane();
      const ours = {
        etcd: etcd.filter(({ nodeName }) => names.includes(nodeName)),
        nodes: nodes.filter(({ name }) => names.includes(name)),
      };
      // Made within one second: told apart by their lists, the longest is the youngest.
      return { ...ours, etcd: ours.etcd.toSorted((a, b) => b.initialCluster.length - a.initialCluster.length) };
    };
    const seen = await look();
    expect(seen.etcd).toHaveLength(3);
    expect(seen.etcd.find(({ nodeName }) => nodeName === second)).toEqual({
      member: second,
      nodeName: second,
      ready: true,
      createdAt: expect.any(String),
      initialCluster: [first, second],
    });
    expect(seen.nodes).toHaveLength(3);
    expect(seen.nodes).toContainEqual({ name: first, controlPlane: true, ready: true, leaving: false });
    await vi.waitFor(async () => expect(mayLeave(await look(), first)).toEqual({ ok: true, as: 'spared' }), SOON);

    await api.cordon(second, 'job-2');
    await vi.waitFor(
      async () => expect(mayLeave(await look(), first)).toMatchObject({ facts: { left: 1, quorum: 2, notHealthy: second } }),
      SOON,
    );
    await api.uncordonIfOurs(second, 'job-2');
    await vi.waitFor(async () => expect(mayLeave(await look(), first).ok).toBe(true), SOON);
    await hand.patch(`/api/v1/namespaces/kube-system/pods/etcd-${second}/status`, {
      status: { conditions: [{ type: 'Ready', status: 'False' }] },
    });
    await vi.waitFor(async () => expect(mayLeave(await look(), first)).toMatchObject({ code: 'etcd_quorum_at_risk' }), SOON);
    for (const name of names) await hand.remove(`/api/v1/namespaces/kube-system/pods/etcd-${name}?gracePeriodSeconds=0`);
    for (const name of names) await hand.remove(`/api/v1/nodes/${name}`);
  });
}

async function attach(
  hand: Hand,
  { volume, claim, node }: { volume: string; claim: { namespace: string; name: string }; node: string },
): Promise<void> {
  await hand.post('/api/v1/persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: claim,
      csi: { driver: 'disk.example', volumeHandle: volume },
    },
  });
  await hand.post(ATTACHMENTS, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: `at-${volume}` },
    spec: { attacher: 'disk.example', nodeName: node, source: { persistentVolumeName: volume } },
  });
}

async function ready(hand: Hand, node: string): Promise<void> {
  const time = { lastHeartbeatTime: new Date().toISOString(), lastTransitionTime: new Date().toISOString() };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', ...time }];
  await hand.patch(`/api/v1/nodes/${node}/status`, { status: { conditions } });
}
