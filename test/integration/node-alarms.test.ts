// Alarms about Nodes against the simulated API server.
import { startSimulatedKubernetes } from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { afterAll } from 'vitest';
import { nodeAlarmCases } from './node-alarm-cases.ts';

let close: (() => Promise<void>) | undefined;
afterAll(() => close?.());

nodeAlarmCases(async () => {
  const kubernetes = await startSimulatedKubernetes({ sweepEveryMs: 100 });
  close = () => kubernetes.close();
  return kubernetes;
});
