// Every accepted disk of a server accounted for: erased by the agent with evidence, or taken out by a named person; off afterwards.
import { hours } from '@rackwright/domain/durations.ts';
import { disksNotErased, erasureLimit, type RemovalEvidence } from '@rackwright/domain/erasure.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import { agentFault, askAgent, bootAgent, closeAgentTicket, type RunningAgent } from '../boot-agent/boot-agent.ts';
import { fenceServer } from '../fence-server/fence-server.ts';
import type { InstructionResult, Ports, Task } from '../ports.ts';
import { readErasureEvidence } from './read-erasure-evidence.ts';

type Needs = Pick<Ports, 'bootTickets' | 'instructions' | 'withBmc' | 'clock' | 'erasures' | 'answers'>;

/** Before it is handed to others somebody looks that what was taken out is really gone; a dead machine that is scrapped need not boot. */
export type WhenNothingIsLeft = 'look_in_any_case' | 'look_where_disks_are_left';

const ERASE = 'erase the disks';

/**
 * Refusals `hardware_not_accepted`; `disk_still_attached` when a disk that somebody took out is seen; `disks_not_erased` when not each
 * accepted disk is accounted for.
 */
export async function eraseDisks(
  run: Run,
  needs: Needs,
  task: Task<unknown>,
  server: Server,
  whenNothingIsLeft: WhenNothingIsLeft,
): Promise<void> {
  const accepted = server.hardware;
  if (!accepted) throw new Refusal('hardware_not_accepted', { server: server.name });
  const onFile = new Set(accepted.disks.map(({ serial }) => serial));
  const removals = await run.step('look up the disks that were taken out', async () =>
    (await needs.erasures.removals(task.serverId)).filter(({ serial }) => onFile.has(serial)),
  );
  const gone = new Set(removals.map(({ serial }) => serial));
  const left = { ...accepted, disks: accepted.disks.filter(({ serial }) => !gone.has(serial)) };
  if (left.disks.length === 0 && whenNothingIsLeft === 'look_where_disks_are_left') {
    await fenceServer(run, needs, task);
    return record(run, needs, task, { accepted, removals, result: NOTHING_TO_ERASE });
  }
  const { agent, result } = await eraseWithAgent(run, needs, task, server, { left, gone });
  await record(run, needs, task, { accepted, removals, result });
  await run.step('power it off', () => needs.withBmc(task, (bmc) => bmc.setPower('off')));
  await closeAgentTicket(run, needs, agent);
}

const NOTHING_TO_ERASE: InstructionResult = { outcome: 'done', code: '', detail: '', evidence: { disks: [] } };

type Disks = { left: Inspection; gone: ReadonlySet<string> };

async function eraseWithAgent(
  run: Run,
  needs: Needs,
  task: Task<unknown>,
  { firmwareMode }: Server,
  { left, gone }: Disks,
): Promise<{ agent: RunningAgent; result: InstructionResult }> {
  const limit = erasureLimit(left);
  const agent = await bootAgent(run, needs, task, 'erase', firmwareMode, limit + hours(1));
  const attached = agent.inspection.disks.map(({ serial }) => serial).filter((serial) => gone.has(serial));
  if (attached.length > 0) throw new Refusal('disk_still_attached', { serials: attached.join(', ') });
  const known = new Set([...left.disks.map(({ serial }) => serial), ...gone]);
  const strange = agent.inspection.disks.filter(({ serial }) => !known.has(serial)).map(({ serial }) => `disk ${serial} is new`);
  // It may hold what its last owner wrote: accepted first, then erased like the others.
  if (strange.length > 0) throw new Refusal('hardware_changed', { differences: strange.join('; ') });
  const diskSerials = left.disks.map((disk) => disk.serial);
  if (diskSerials.length === 0) return { agent, result: NOTHING_TO_ERASE };
  return { agent, result: await askAgent(run, needs, agent, ERASE, { do: 'erase_disks', diskSerials }, limit) };
}

type Accounts = { accepted: Inspection; removals: RemovalEvidence[]; result: InstructionResult };

function record(
  run: Run,
  { erasures }: Pick<Ports, 'erasures'>,
  { serverId, operationId }: Task<unknown>,
  { accepted, removals, result }: Accounts,
): Promise<void> {
  return run.step('record the erasures', async () => {
    const proofs = [...readErasureEvidence(result.evidence), ...removals];
    // Also of what failed: which disk was erased and which was not is worth as much then.
    await erasures.record(serverId, operationId, proofs);
    if (result.outcome !== 'done') throw agentFault(ERASE, result);
    const missing = disksNotErased(accepted, proofs);
    if (missing.length > 0) throw new Refusal('disks_not_erased', { serials: missing.join(', ') });
  });
}
