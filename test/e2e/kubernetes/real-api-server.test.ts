// The contract of ClusterApi against a real etcd, kube-apiserver and kube-controller-manager.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  HOW_TO_GET_KUBERNETES,
  findKubernetesProgram,
  hasRealControlPlane,
} from '@rackwright/testkit/kubernetes/find-program.ts';
import { clusterApiContract } from '@rackwright/testkit/kubernetes/contract/cluster-api-contract.ts';
import { type RealControlPlane, startRealControlPlane } from '@rackwright/testkit/kubernetes/real-control-plane.ts';
import { leaveOut } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startKubelet } from './start-kubelet.ts';

const NODE_GRACE_SECONDS = 6;
// Without controllers nobody signs, counts budgets or marks nodes: the contract cannot hold there.
const present = hasRealControlPlane() && findKubernetesProgram('kube-controller-manager') !== undefined;
if (!present) leaveOut('Kubernetes contract against a real API server', HOW_TO_GET_KUBERNETES);

describe.runIf(present)('real API server', () => {
  let dir = '';
  let controlPlane: RealControlPlane | undefined;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rackwright-kubernetes-'));
    controlPlane = await startRealControlPlane({ dir, nodeGraceSeconds: NODE_GRACE_SECONDS });
  });
  afterAll(async () => {
    await controlPlane?.close();
    await rm(dir, { recursive: true, force: true });
  });

  clusterApiContract(async () => {
    const { url, caPem, adminToken } = controlPlane!;
    const endpoint = { server: url, caData: caPem, credentials: { kind: 'token', token: adminToken } } as const;
    return { endpoint, startKubelet, nodeGraceMs: NODE_GRACE_SECONDS * 1000 };
  });
});

if (!present) test.skip(`real API server (needs ${HOW_TO_GET_KUBERNETES})`, () => undefined);
