// Alarms about Nodes against a real etcd and kube-apiserver.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasRealControlPlane, HOW_TO_GET_KUBERNETES } from '@rackwright/testkit/kubernetes/find-program.ts';
import { startRealControlPlane } from '@rackwright/testkit/kubernetes/real-control-plane.ts';
import { leaveOut } from '@rackwright/testkit/tools.ts';
import { afterAll, describe, test } from 'vitest';
import { nodeAlarmCases } from '../../integration/node-alarm-cases.ts';

const present = hasRealControlPlane();
if (!present) leaveOut('alarms about Nodes against a real API server', HOW_TO_GET_KUBERNETES);

describe.runIf(present)('real API server', () => {
  let close: (() => Promise<void>) | undefined;
  afterAll(() => close?.());

  nodeAlarmCases(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rackwright-node-alarms-'));
    const controlPlane = await startRealControlPlane({ dir });
    close = async () => {
      await controlPlane.close();
      await rm(dir, { recursive: true, force: true });
    };
    return controlPlane;
  });
});

if (!present) test.skip(`real API server (needs ${HOW_TO_GET_KUBERNETES})`, () => undefined);
