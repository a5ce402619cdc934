// Takes servers out for good, a few per run: released first where they serve, then retired with every disk erased.
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import { timeZoneOf } from '@rackwright/domain/schedules/time-zone.ts';
import { next, type ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { failureOf } from './operation-ended.ts';
import { atMost, findings, leftAlone, meant, type Picked, type ScheduleTask, unreachableBmc } from './task.ts';

export const decommission: ScheduleTask<'decommission'> = {
  pick: ({ servers }, { from, most }, { now, timeZone }) => {
    const today = localDay(now, timeZone);
    return atMost(
      most,
      servers.map((server) => (from !== null && today < from ? leftAlone(server, 'not_yet', { from, today }) : pickOne(server))),
    );
  },
  atOnce: ({ atOnce }) => atOnce,
  async act(item, { outcome, drain }, { findServer }) {
    const { subject, operation } = item;
    if (subject.kind !== 'server') throw new Error('a server is decommissioned');
    const failed = failureOf(item);
    if (failed) return failed;
    if (operation?.type === 'retire-server') return { do: 'note', result: { finding: 'retired', outcome } };
    const server = await findServer(subject.id);
    const event = server && stepOf(server.state);
    if (!event) return { do: 'skip', reason: 'state_not_meant', facts: { state: server?.state ?? null } };
    const params = event === 'retire' ? { outcome } : drain === null ? {} : { drain };
    return { do: 'begin', event, params, reason: 'decommission list' };
  },
  report: (items) => findings(items, []),
};

function pickOne(server: ServerCandidate): Picked {
  const { state, currentOperationId } = server;
  if (currentOperationId !== null) return leftAlone(server, 'operation_running', { operationId: currentOperationId });
  const first = stepOf(state);
  if (first === undefined) return leftAlone(server, 'state_not_meant', { state });
  const unreachable = unreachableBmc(server);
  return unreachable ? leftAlone(server, unreachable) : meant(server, { state, first });
}

/** Straight to retiring where the table has that way; what was never inspected is retired by hand, at once. */
function stepOf(state: ServerState): 'retire' | 'release' | undefined {
  if (next(state, 'retire') === 'retiring') return 'retire';
  return next(state, 'release') === 'releasing' ? 'release' : undefined;
}

function localDay(now: number, timeZone: string): string {
  return new Date(timeZoneOf(timeZone)?.wallAt(now) ?? now).toISOString().slice(0, 10);
}
