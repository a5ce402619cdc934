// Compares what runs in each server with what its hardware model expects. Changes nothing.
import type { BmcHardware } from '@rackwright/domain/bmc.ts';
import type { ExpectedFirmware } from '@rackwright/domain/hardware/hardware-model.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { BMC_READS_AT_ONCE, findings, leftAlone, meant, type ScheduleTask, unreachableBmc } from './task.ts';

const NOT_OURS = new Set<ServerState>(['discovered', 'registered', 'retired']);

export const firmwareDrift: ScheduleTask<'firmware_drift'> = {
  pick: ({ servers }) =>
    servers.map((server) => {
      const { state, currentOperationId, expectedFirmware, hardware } = server;
      if (NOT_OURS.has(state)) return leftAlone(server, 'state_not_meant', { state });
      if (currentOperationId !== null) return leftAlone(server, 'operation_running', { operationId: currentOperationId });
      if (!expectedFirmware || (expectedFirmware.bmcFirmware === null && expectedFirmware.biosVersion === null)) {
        return leftAlone(server, 'nothing_expected', { product: hardware?.product ?? null });
      }
      const unreachable = unreachableBmc(server);
      return unreachable ? leftAlone(server, unreachable) : meant(server, { product: hardware?.product ?? null });
    }),
  atOnce: () => BMC_READS_AT_ONCE,
  async act({ subject }, _params, { readBmc, findServer }) {
    if (subject.kind !== 'server') throw new Error('the firmware of a server is asked for');
    const seen = await readBmc(subject.id, (bmc) => bmc.hardware());
    const server = await findServer(subject.id);
    if (!server?.expectedFirmware) return { do: 'skip', reason: 'nothing_expected', facts: {} };
    // IPMI does not tell the BIOS's version; the last inspection did.
    return { do: 'note', result: compareFirmware(server.expectedFirmware, seen, server.hardware?.biosVersion ?? '') };
  },
  report: (items) => findings(items, ['as_expected']),
};

type Compared = { part: 'bmc' | 'bios'; expected: string; seen: string };

function compareFirmware(expected: ExpectedFirmware, seen: BmcHardware, biosOnFile: string): Record<string, unknown> {
  const compared: Compared[] = [];
  if (expected.bmcFirmware !== null)
    compared.push({ part: 'bmc', expected: expected.bmcFirmware, seen: seen.identity.bmcFirmware });
  if (expected.biosVersion !== null) {
    compared.push({
      part: 'bios',
      expected: expected.biosVersion,
      seen: seen.biosVersion === '' ? biosOnFile : seen.biosVersion,
    });
  }
  const differ = compared.filter((one) => one.seen !== one.expected);
  // What nobody tells has not drifted, and is not proven either.
  const finding = differ.length === 0 ? 'as_expected' : differ.every((one) => one.seen === '') ? 'unknown' : 'drift';
  return { finding, compared };
}
