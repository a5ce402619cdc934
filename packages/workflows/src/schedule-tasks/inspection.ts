// Counts the fleet again: available servers by onboarding them anew, servers in service by asking their BMC, without a boot.
import { compareWithBmc } from '@rackwright/domain/hardware/compare-with-bmc.ts';
import { hours } from '@rackwright/domain/durations.ts';
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { TaskNeeds } from './needs.ts';
import { failureOf } from './operation-ended.ts';
import { type Acted, atMost, findings, leftAlone, meant, type Picked, type ScheduleTask, unreachableBmc } from './task.ts';

export const inspection: ScheduleTask<'inspection'> = {
  pick: ({ servers }, { notWithinHours, most }, { now }) =>
    atMost(
      most,
      servers.map((server) => pickOne(server, now - hours(notWithinHours))),
    ),
  atOnce: ({ atOnce }) => atOnce,
  async act(item, _params, needs) {
    const { subject, facts, operation } = item;
    if (subject.kind !== 'server') throw new Error('a server is inspected');
    if (facts['how'] === 'bmc') return askBmc(subject.id, needs);
    if (operation) return failureOf(item) ?? { do: 'note', result: { finding: 'inspected', how: 'onboard' } };
    return { do: 'begin', event: 'onboard', params: {}, reason: 'periodic inspection' };
  },
  report: (items) => findings(items, ['inspected', 'as_accepted']),
};

function pickOne(server: ServerCandidate, before: number): Picked {
  const { state, currentOperationId, hardware } = server;
  const how = { available: 'onboard', in_service: 'bmc' }[state as string];
  if (how === undefined) return leftAlone(server, 'state_not_meant', { state });
  if (currentOperationId !== null) return leftAlone(server, 'operation_running', { operationId: currentOperationId });
  const unreachable = unreachableBmc(server);
  if (unreachable) return leftAlone(server, unreachable);
  if (how === 'onboard' && hardware && Date.parse(hardware.acceptedAt) > before) {
    return leftAlone(server, 'too_recent', { inspectedAt: hardware.acceptedAt });
  }
  return meant(server, { how, state });
}

async function askBmc(serverId: ServerId, { readBmc, inspectionOf }: TaskNeeds): Promise<Acted> {
  const accepted = await inspectionOf(serverId);
  if (!accepted) return { do: 'note', result: { finding: 'never_inspected', how: 'bmc' } };
  const seen = await readBmc(serverId, (bmc) => bmc.hardware());
  const differences = compareWithBmc(accepted, seen);
  const finding = differences.length === 0 ? 'as_accepted' : 'differs';
  return { do: 'note', result: { finding, how: 'bmc', differences, warnings: seen.warnings.slice(0, 20) } };
}
