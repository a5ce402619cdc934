// Looks after servers that failed: lists them with what the table allows next, or begins it, as the policy says.
import { hours } from '@rackwright/domain/durations.ts';
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import { next, type ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { failureOf } from './operation-ended.ts';
import { atMost, findings, leftAlone, meant, type Picked, type ScheduleTask, unreachableBmc } from './task.ts';

type NextStep = 'onboard' | 'release';
/** What leads on without anybody deciding anything new. Only what the table allows is begun. */
const NEXT: Partial<Record<ServerState, NextStep>> = {
  onboarding_failed: 'onboard',
  provisioning_failed: 'release',
  quarantined: 'release',
};

export const repairSweep: ScheduleTask<'repair_sweep'> = {
  pick: ({ servers }, { act, afterHours, most }, { now }) =>
    atMost(
      most,
      servers.map((server) => pickOne(server, act, now - hours(afterHours))),
    ),
  atOnce: ({ atOnce }) => atOnce,
  async act(item, _params, { findServer }) {
    const { subject, facts, operation } = item;
    if (subject.kind !== 'server') throw new Error('a server is repaired');
    const server = await findServer(subject.id);
    if (operation) return failureOf(item) ?? { do: 'note', result: { finding: 'mended', state: server?.state ?? null } };
    const event = server && NEXT[server.state];
    // Somebody was faster.
    if (!event || event !== facts['next'] || promisedToKeep(server, event))
      return { do: 'skip', reason: 'state_not_meant', facts: { state: server?.state ?? null } };
    return { do: 'begin', event, params: {}, reason: 'repair sweep' };
  },
  report: (items) => findings(items, []),
};

function pickOne(server: ServerCandidate, act: 'report' | 'begin', before: number): Picked {
  const { state, stateSince, currentOperationId } = server;
  const event = NEXT[state];
  if (event === undefined || next(state, event) === undefined) return leftAlone(server, 'state_not_meant', { state });
  if (currentOperationId !== null) return leftAlone(server, 'operation_running', { operationId: currentOperationId });
  if (Date.parse(stateSince) > before) return leftAlone(server, 'too_recent', { stateSince });
  const facts = { state, since: stateSince, next: event };
  if (act === 'report' || promisedToKeep(server, event)) return { ...meant(server, facts), result: { finding: state, ...facts } };
  const unreachable = unreachableBmc(server);
  return unreachable ? leftAlone(server, unreachable) : meant(server, facts);
}

/** Releasing erases: what a re-image or a repair promised to keep is a person's to give up. */
function promisedToKeep({ keptData }: ServerCandidate, event: NextStep): boolean {
  return keptData && event === 'release';
}
