// Remediate: from "the node does not serve" to "Ready again", by climbing the ladder as far as restarts go. The Node object stays.
//
// Read downwards. What restarts do not mend ends in `degraded` with the reason; what comes after that is not decided here.
import { hours, minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import { reaches, type Rung } from '@rackwright/domain/health/ladder.ts';
import { type SeenSignal, signalsOfEventLog } from '@rackwright/domain/health/read-signals.ts';
import { rowOf } from '@rackwright/domain/health/signals.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { FENCE_STEP } from '../fence-server/fence-server.ts';
import { lookUpCluster, type Member } from '../leave-cluster/leave-cluster.ts';
import type { Ports, Task } from '../ports.ts';
import { type NodeBefore, powerCycle } from './power-cycle.ts';

export type RemediateParams = {
  /** Where the ladder is entered; at the bottom unless told. */
  first?: Extract<Rung, 'restart_software' | 'power_cycle' | 'power_cycle_bmc_reset'> | undefined;
  /** How many power cycles are left of its day; two, the most that are used, unless told. */
  powerCycles?: number | undefined;
  /** How long it may take from power-on to a Ready node; 20 minutes unless told. */
  bootSeconds?: number | undefined;
  /** `not_ready`: the node being Ready again is all that was wanted; nothing is done then. */
  onlyIf?: 'not_ready' | undefined;
};

export const remediateServer: Workflow<Ports, Task<RemediateParams>> = async (run, needs, task) => {
  const { first = 'restart_software', powerCycles = 2, bootSeconds = 1_200, onlyIf } = task.params;
  const server = await needs.servers.get(task.serverId);
  const member = await lookUpCluster(run, server);
  const { node, at } = await lookAtNode(run, needs, member);
  if (onlyIf === 'not_ready' && node?.ready) return;

  if (reaches(first, 'restart_software')) await restartSoftware(run);
  const cycle = { member, node, bootMs: seconds(bootSeconds) };
  let done = 0;
  if (reaches(first, 'power_cycle') && done < powerCycles) {
    done += 1;
    if (await powerCycle(run, needs, task, { ...cycle, bmc: 'as_it_is', again: '' })) return;
  }
  if (done < powerCycles) {
    done += 1;
    if (await powerCycle(run, needs, task, { ...cycle, bmc: 'restarted', again: ' (with its BMC)' })) return;
  }

  const [finding] = await checkHardware(run, needs, task, at);
  if (finding) throw new Refusal('hardware_failed', { signal: finding.signal, detail: finding.detail });
  throw new Refusal('remediation_exhausted', { server: server.name, powerCycles: done });
};

/** Until it was to be switched off nothing has happened to it. */
export function remediateFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return steps.some(({ name }) => name.startsWith(FENCE_STEP)) ? 'fail' : 'keep';
}

/** Refusals `node_gone`, `node_replaced`: then there is nothing to see Ready afterwards. */
function lookAtNode(
  run: Run,
  { connectCluster, clock }: Pick<Ports, 'connectCluster' | 'clock'>,
  member: Member | null,
): Promise<{ node: NodeBefore; at: string }> {
  return run.step('look at its Node', async () => {
    const at = new Date(clock.now()).toISOString();
    if (!member) return { node: null, at };
    const node = await (await connectCluster(member.clusterId)).node(member.nodeName);
    if (!node) throw new Refusal('node_gone', { nodeName: member.nodeName });
    if (member.nodeUid !== null && node.uid !== member.nodeUid)
      throw new Refusal('node_replaced', { nodeName: node.name, expected: member.nodeUid, uid: node.uid });
    return { node: { uid: node.uid, bootId: node.bootId, ready: node.ready }, at };
  });
}

/** Nothing of ours runs on an installed system that could be asked: this rung is passed, and says so. */
function restartSoftware(run: Run): Promise<{ restarted: false; because: string }> {
  return run.step('restart its software where it can be asked', async () => ({
    restarted: false as const,
    because: 'no agent runs on the installed system',
  }));
}

const LOG_GOES_BACK = hours(24);

/** What the BMC calls broken, worst first; kept with the server, so that it outlives this operation. */
function checkHardware(
  run: Run,
  { withBmc, findings }: Pick<Ports, 'withBmc' | 'findings'>,
  task: Task<unknown>,
  began: string,
): Promise<SeenSignal[]> {
  const since = new Date(Date.parse(began) - LOG_GOES_BACK).toISOString();
  return run.step(
    'ask its BMC what is broken',
    async () => {
      const log = await withBmc(task, (bmc) => bmc.eventLog()).catch((thrown: unknown) => {
        // One that keeps no log knows of nothing.
        if (thrown instanceof Fault && thrown.code === 'bmc_unsupported') return [];
        throw thrown;
      });
      const broken = signalsOfEventLog(log, since).filter(({ signal }) => rowOf(signal).lasts === 'permanent');
      await findings.record(task.serverId, broken);
      return broken;
    },
    { within: minutes(20) },
  );
}
