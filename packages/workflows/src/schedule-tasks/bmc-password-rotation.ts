// Gives BMC accounts new passwords, so that at every moment it is known, or can be found out, which password a BMC has.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { hours } from '@rackwright/domain/durations.ts';
import { changeBmcPassword } from './change-bmc-password.ts';
import { atMost, findings, leftAlone, meant, type Picked, type ScheduleTask, unreachableBmc } from './task.ts';

/** Not ours yet, and not ours any more. */
const NOT_OURS = new Set<ServerState>(['discovered', 'registered', 'retired']);

export const bmcPasswordRotation: ScheduleTask<'bmc_password_rotation'> = {
  pick({ servers }, { olderThanDays, most }, { now }) {
    const picked = servers.map((server) => pickOne(server, now - hours(24) * olderThanDays));
    // What was begun is ended first: its server is held until then.
    const begun = (item: Picked): number => (item.facts['begun'] === true ? 0 : 1);
    return atMost(
      most,
      picked.toSorted((a, b) => begun(a) - begun(b)),
    );
  },
  atOnce: ({ atOnce }) => atOnce,
  async act({ subject }, _params, { passwords, clock }, run) {
    if (subject.kind !== 'server') throw new Error('the BMC of a server has a password');
    try {
      const change = await passwords.stage(subject.id, run, 'its BMC gets a new password');
      const acted = await changeBmcPassword(change, { passwords, clock });
      if (acted.do === 'again') await passwords.park(change);
      return acted;
    } catch (thrown) {
      // Whoever holds the server ends some time; until then nothing was asked of the BMC.
      if (thrown instanceof Refusal && (thrown.code === 'operation_in_progress' || thrown.code === 'server_held')) {
        return {
          do: 'again',
          because: { kind: 'refusal', code: thrown.code, message: thrown.message, retry: 'later', facts: thrown.facts },
        };
      }
      if (thrown instanceof Fault && thrown.code === 'bmc_busy') {
        return {
          do: 'again',
          because: { kind: 'fault', code: thrown.code, message: thrown.message, retry: 'later', facts: thrown.facts },
        };
      }
      throw thrown;
    }
  },
  report: (items) => findings(items, ['changed']),
};

function pickOne(server: ServerCandidate, before: number): Picked {
  const { state, bmc, currentOperationId } = server;
  if (NOT_OURS.has(state)) return leftAlone(server, 'state_not_meant', { state });
  const unreachable = unreachableBmc(server);
  if (!bmc || unreachable) return leftAlone(server, unreachable ?? 'no_bmc');
  if (bmc.passwordChangeOpen) return meant(server, { begun: true });
  if (currentOperationId !== null) return leftAlone(server, 'operation_running', { operationId: currentOperationId });
  const { passwordChangedAt } = bmc;
  if (passwordChangedAt !== null && Date.parse(passwordChangedAt) > before)
    return leftAlone(server, 'too_recent', { passwordChangedAt });
  return meant(server);
}
