// The agent's count of a simulated server's parts (docs/agent-protocol.md, "Inspection").
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { type SimulatedDisk, serialOf } from './disks.ts';
import type { MachineSpec } from './machine-spec.ts';

export function inspect(
  spec: MachineSpec,
  disks: readonly SimulatedDisk[],
  rack: string,
  firmwareMode: FirmwareMode,
): Inspection {
  const { identity, cpu, memory, nics } = spec;
  return {
    agentVersion: '1',
    firmwareMode,
    system: {
      manufacturer: identity.vendor,
      product: identity.model,
      serial: identity.serial,
      uuid: identity.uuid,
      assetTag: identity.assetTag,
      biosVersion: identity.biosVersion,
    },
    cpu: { ...cpu, architecture: 'x86_64' },
    // The kernel keeps some to itself.
    memoryBytes: memory.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - 512 * 1024 ** 2,
    memoryModules: memory,
    disks: disks.map((disk, at) => ({
      name: disk.spec.kind === 'nvme' ? `nvme${at}n1` : `sd${String.fromCharCode(97 + at)}`,
      serial: serialOf(disk),
      wwn: `eui.${disk.spec.serial.toLowerCase()}`,
      model: disk.spec.model,
      sizeBytes: disk.spec.sizeBytes,
      rotational: disk.spec.rotational,
      kind: disk.spec.kind,
    })),
    nics: nics.map((nic, at) => ({
      ...nic,
      linkUp: true,
      lldp: { chassisId: rack, portId: at === 0 ? spec.switchPort : `${spec.switchPort}.${at}`, systemName: rack },
    })),
  };
}
