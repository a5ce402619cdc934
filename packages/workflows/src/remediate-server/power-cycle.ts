// One power cycle that a cluster survives: off and proven, pods and volumes let go, on again, seen Ready in a new boot.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { FenceProof } from '@rackwright/domain/fence.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import { fenceServer, refuseUnlessStillOff } from '../fence-server/fence-server.ts';
import type { Member } from '../leave-cluster/leave-cluster.ts';
import { toldSinceBoot } from '../node-boot/told-since-boot.ts';
import type { Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'withBmc' | 'clock' | 'answers' | 'connectCluster'>;
/** What was on the Node before anything was done; null for a host without a cluster. */
export type NodeBefore = { uid: string; bootId: string; ready: boolean } | null;
export type Cycle = {
  member: Member | null;
  node: NodeBefore;
  bootMs: number;
  bmc: 'as_it_is' | 'restarted';
  /** Behind the names of its steps: they are unique in an operation. */
  again: string;
};

/** @returns whether it is well again */
export async function powerCycle(run: Run, needs: Needs, task: Task<unknown>, cycle: Cycle): Promise<boolean> {
  const { withBmc, clock } = needs;
  const { again } = cycle;
  // Its own step before the fence: whatever gives up from here on leaves the machine as it was found, on.
  await run.step(`remember to switch it on${again}`, async () => undefined, {
    undo: () => withBmc(task, (bmc) => bmc.setPower('on')),
  });
  const proof = await fenceServer(run, needs, task, again);
  if (cycle.member) await letGoOfWorkloads(run, needs, task, cycle.member, proof, again);
  if (cycle.bmc === 'restarted') await restartBmc(run, needs, task, again);
  const onAt = await run.step(
    `switch it on${again}`,
    async () => {
      await withBmc(task, (bmc) => bmc.setPower('on'));
      return clock.now();
    },
    { within: minutes(20) },
  );
  const { member, node } = cycle;
  // For a host without a cluster nobody could say more than its BMC did.
  if (!member || !node) return true;
  await run.step(`take it back into service${again}`, async () =>
    (await needs.connectCluster(member.clusterId)).removeOutOfService(member.nodeName),
  );
  return waitUntilReady(run, needs, { ...cycle, member, node }, onAt);
}

const VOLUMES_WITHIN = minutes(2);

/** Only while it is proven off: the taint has its pods deleted by force and its volumes detached. */
async function letGoOfWorkloads(
  run: Run,
  needs: Needs,
  task: Task<unknown>,
  { clusterId, nodeName }: Member,
  proof: FenceProof,
  again: string,
): Promise<void> {
  const { connectCluster, clock } = needs;
  const marked = await run.step(
    `mark its node out of service${again}`,
    async () => {
      await refuseUnlessStillOff(needs, task, proof);
      return { taint: await (await connectCluster(clusterId)).ensureOutOfService(nodeName, proof), at: clock.now() };
    },
    { undo: async () => (await connectCluster(clusterId)).removeOutOfService(nodeName) },
  );
  if (marked.taint === 'not_supported') return;
  await run.until(
    `wait for its volumes to be let go${again}`,
    async () => {
      const volumes = (await (await connectCluster(clusterId)).node(nodeName))?.volumesAttached ?? 0;
      // Workloads that wait for a volume wait no longer than for the machine itself.
      if (volumes === 0 || clock.now() >= marked.at + VOLUMES_WITHIN) return { left: volumes };
      return new NotYet('volumes_leaving', { volumes });
    },
    {
      every: seconds(5),
      within: VOLUMES_WITHIN + minutes(10),
      waitingFor: { code: 'volumes_leaving', unblockedBy: 'the volumes being detached; after two minutes it goes on without' },
    },
  );
}

const BMC_GOES_DOWN_WITHIN = seconds(30);

/** A BMC that cannot be restarted is no reason to stop: the machine was off for longer than the first time. */
async function restartBmc(run: Run, { withBmc, clock }: Needs, task: Task<unknown>, again: string): Promise<void> {
  const told = await run.step(`restart its BMC${again}`, async () => {
    const restarted = await withBmc(task, (bmc) => bmc.resetBmc()).then(
      () => true,
      (thrown: unknown) => {
        if (thrown instanceof Fault && thrown.code === 'bmc_unsupported') return false;
        throw thrown;
      },
    );
    return { restarted, at: clock.now() };
  });
  if (!told.restarted) return;
  await run.until(
    `see its BMC again${again}`,
    async () => {
      // It answers for some seconds more before it goes.
      if (clock.now() < told.at + BMC_GOES_DOWN_WITHIN) return new NotYet('bmc_restarting');
      return { power: await withBmc(task, (bmc) => bmc.power()) };
    },
    {
      every: seconds(10),
      within: minutes(20),
      waitingFor: { code: 'bmc_restarting', unblockedBy: 'the BMC answering again' },
    },
  );
}

async function waitUntilReady(
  run: Run,
  { connectCluster, clock }: Needs,
  { member, node: before, bootMs, again }: Cycle & { member: Member; node: NonNullable<NodeBefore> },
  onAt: number,
): Promise<boolean> {
  const { clusterId, nodeName } = member;
  const { back } = await run.until(
    `wait for the node to be Ready${again}`,
    async () => {
      const node = await (await connectCluster(clusterId)).node(nodeName);
      if (node && node.uid !== before.uid) throw new Refusal('node_replaced', { nodeName, expected: before.uid, uid: node.uid });
      if (node?.ready && toldSinceBoot(node.bootId, before.bootId, onAt, clock.now())) return { back: true };
      if (clock.now() >= onAt + bootMs) return { back: false };
      return new NotYet(node ? 'node_not_ready' : 'node_not_seen', { nodeName, reason: node?.readyReason ?? 'no Node' });
    },
    {
      every: seconds(5),
      within: bootMs + minutes(10),
      waitingFor: {
        code: 'node_not_ready',
        unblockedBy: `the kubelet of ${nodeName} reporting Ready; after ${bootMs / 60_000} minutes the next rung is climbed`,
      },
    },
  );
  return back;
}
