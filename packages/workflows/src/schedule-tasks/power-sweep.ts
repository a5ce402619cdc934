// Compares the power that each BMC reports with what the server's state implies. Changes nothing.
import { impliedPower } from '@rackwright/domain/schedules/implied-power.ts';
import type { PowerState } from '@rackwright/domain/bmc.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { BMC_READS_AT_ONCE, findings, leftAlone, meant, type ScheduleTask, unreachableBmc } from './task.ts';

export const powerSweep: ScheduleTask<'power_sweep'> = {
  pick: ({ servers }) =>
    servers.map((server) => {
      if (impliedPower(server.state) === undefined) return leftAlone(server, 'state_not_meant', { state: server.state });
      if (server.currentOperationId !== null)
        return leftAlone(server, 'operation_running', { operationId: server.currentOperationId });
      const unreachable = unreachableBmc(server);
      return unreachable ? leftAlone(server, unreachable) : meant(server, { state: server.state });
    }),
  atOnce: () => BMC_READS_AT_ONCE,
  async act({ subject }, _params, { readBmc, findServer }) {
    if (subject.kind !== 'server') throw new Error('the power of a server is asked for');
    const power = await readBmc(subject.id, (bmc) => bmc.power());
    // Read after the BMC: what was begun meanwhile is nobody's finding.
    const server = await findServer(subject.id);
    if (!server || server.currentOperationId !== null) return { do: 'note', result: { power, finding: 'changing' } };
    return { do: 'note', result: { power, ...judge(power, server.state) } };
  },
  report: (items) => findings(items, ['as_implied', 'changing']),
};

function judge(power: PowerState, state: ServerState): Record<string, unknown> {
  const implied = impliedPower(state);
  if (implied === undefined) return { state, finding: 'changing' };
  if (power === 'unknown') return { state, implied, finding: 'unknown' };
  const on = power === 'on' || power === 'powering_on';
  return { state, implied, finding: on === (implied === 'on') ? 'as_implied' : `unexpectedly_${on ? 'on' : 'off'}` };
}
