// Emptying a node: cordon, evict, and after the patience that was asked for give up, ask a person, or go on without the rest.
import { hours, minutes, seconds } from '@rackwright/domain/durations.ts';
import { DEFAULT_DRAIN, drainBlockers, type DrainPolicy, type RemainingPod } from '@rackwright/domain/drain.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { Member } from '../leave-cluster/leave-cluster.ts';
import type { AttachedVolume, ClusterAccess, Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'connectCluster' | 'clock' | 'answers'>;
export type DrainParams = { /** Wait for an hour unless told. */ drain?: DrainPolicy | undefined };
/** `forced`: pods or volumes are still there, and somebody said that they may be lost. */
export type Drained = { end: 'drained' } | { end: 'forced'; by: string };

/** A worker that was away for a while still finds the step open. */
const MARGIN_MINUTES = 10;
const ANSWER_WITHIN = hours(24);

/**
 * Empty is a node without pods and without their volumes: switched off under an attached volume, nobody else could have it for minutes.
 * @param leaving  once it begun the cordon is never undone: the next release drains nothing, and would pull the plug on new pods
 */
export async function drainNode(
  run: Run,
  needs: Needs,
  task: Task<DrainParams>,
  member: Member,
  leaving: { begun: boolean },
): Promise<Drained> {
  const { connectCluster, clock } = needs;
  const { clusterId, nodeName } = member;
  const policy = task.params.drain ?? DEFAULT_DRAIN;
  const cordonedAt = await run.step(
    'cordon the node',
    async () => {
      await (await connectCluster(clusterId)).cordon(nodeName, task.operationId);
      return clock.now();
    },
    {
      undo: async () => (leaving.begun ? undefined : (await connectCluster(clusterId)).uncordon(nodeName, task.operationId)),
    },
  );
  const patienceEnds = cordonedAt + minutes(policy.minutes);
  const { emptied } = await run.until(
    'drain the node',
    async () => {
      const inTheWay = await emptyNode(await connectCluster(clusterId), nodeName);
      if (!inTheWay) return { emptied: true };
      // `wait` is ended by the step's deadline.
      if (policy.policy !== 'wait' && clock.now() >= patienceEnds) return { emptied: false };
      return inTheWay;
    },
    {
      within: minutes(policy.minutes + (policy.policy === 'wait' ? 0 : MARGIN_MINUTES)),
      every: seconds(5),
      waitingFor: { code: 'pods_leaving', unblockedBy: 'the pods ending, or their disruption budget allowing it' },
    },
  );
  if (emptied) return { end: 'drained' };
  return policy.policy === 'ask' ? askPerson(run, needs, task, member, policy, patienceEnds) : { end: 'forced', by: 'policy' };
}

/** Refusal `drain_kept` when the answer is to let the node serve on. */
function askPerson(
  run: Run,
  { connectCluster, clock, answers }: Needs,
  { operationId }: Task<unknown>,
  { clusterId, nodeName }: Member,
  { forceAfterMinutes }: Extract<DrainPolicy, { policy: 'ask' }>,
  askedAt: number,
): Promise<Drained> {
  const silenceEnds = forceAfterMinutes === undefined ? undefined : askedAt + minutes(forceAfterMinutes);
  return run.until<Drained>(
    'ask a person about the pods that stay',
    async () => {
      const given = await answers.find(operationId, 'operator_answer');
      if (given?.answer === 'keep') throw new Refusal('drain_kept', { by: given.by });
      const inTheWay = await emptyNode(await connectCluster(clusterId), nodeName);
      if (!inTheWay) return { end: 'drained' };
      if (given?.answer === 'force') return { end: 'forced', by: given.by };
      if (silenceEnds !== undefined && clock.now() >= silenceEnds) return { end: 'forced', by: 'policy' };
      return new NotYet('operator_answer', inTheWay.facts, inTheWay.blockers);
    },
    {
      within: forceAfterMinutes === undefined ? ANSWER_WITHIN : minutes(forceAfterMinutes + MARGIN_MINUTES),
      every: seconds(30),
      waitingFor: { code: 'operator_answer', unblockedBy: 'a person answering force or keep, or the pods ending' },
    },
  );
}

/** One pass; what is still there, or undefined when nothing is. */
async function emptyNode(cluster: ClusterAccess, nodeName: string): Promise<NotYet | undefined> {
  const { remaining } = await cluster.drain(nodeName);
  if (remaining.length > 0) return podsInTheWay(remaining);
  const volumes = await cluster.attachedVolumes(nodeName);
  return volumes.length > 0 ? volumesInTheWay(volumes) : undefined;
}

const MOST_VOLUMES = 20;

function volumesInTheWay(volumes: readonly AttachedVolume[]): NotYet {
  const blockers = volumes.slice(0, MOST_VOLUMES).map((one) => ({ ...one, blockedBy: 'detachment' }));
  return new NotYet('volumes_attached', { volumes: volumes.length, ...blockers[0] }, blockers);
}

function podsInTheWay(remaining: readonly RemainingPod[]): NotYet {
  const blockers = drainBlockers(remaining);
  const held = remaining.some((pod) => pod.blockedBy !== undefined);
  return new NotYet(held ? 'eviction_blocked' : 'pods_leaving', { pods: remaining.length, ...blockers[0] }, blockers);
}
