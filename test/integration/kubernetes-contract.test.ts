// The simulated Kubernetes API server keeps the contract, as a new server (policy/v1) and as an old one (policy/v1beta1).
import { afterAll, beforeAll, describe } from 'vitest';
import { clusterApiContract } from '@rackwright/testkit/kubernetes/contract/cluster-api-contract.ts';
import { startKubelet } from '../e2e/kubernetes/start-kubelet.ts';
import {
  type SimulatedKubernetes,
  startSimulatedKubernetes,
} from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';

describe.each(['policy/v1', 'policy/v1beta1'] as const)('simulated API server with %s', (eviction) => {
  let kubernetes: SimulatedKubernetes | undefined;
  beforeAll(async () => {
    const nodeGraceMs = 2_000;
    kubernetes = await startSimulatedKubernetes({ dialect: { eviction }, nodeGraceMs, sweepEveryMs: 100 });
  });
  afterAll(async () => kubernetes?.close());

  clusterApiContract(async () => {
    const { url, adminToken } = kubernetes!;
    return { endpoint: { server: url, credentials: { kind: 'token', token: adminToken } }, startKubelet, nodeGraceMs: 2_000 };
  });
});
