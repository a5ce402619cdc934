// What tells that a server is not well: signal -> does it pass by itself or by a restart -> first rung of the ladder.
// docs/health.md is written from this table.
import type { Rung } from './ladder.ts';

export type Lasting = 'temporary' | 'permanent';
export type SignalSource = 'node' | 'bmc' | 'bmc_summary' | 'operation';

type SignalRow = {
  from: SignalSource;
  /**
   * Of a Node: `<condition>=<status>`, or `gone`. Of an operation: what its last step waited for. Of a BMC: words of the event log; of its
   * summary: property and value.
   */
  seen: string | RegExp;
  lasts: Lasting;
  first: Rung;
  means: string;
  /** Signals of one family are one trouble in several guises: one takes over the time of the other (see docs/health.md, loop guard). */
  family?: string;
};

export const SIGNALS = {
  // The Node object. A booting node goes from Unknown to False: that is one trouble, not two.
  node_not_ready: {
    from: 'node',
    seen: 'Ready=False',
    lasts: 'temporary',
    first: 'restart_software',
    family: 'ready',
    means: 'the kubelet says that it cannot run pods',
  },
  node_silent: {
    from: 'node',
    seen: 'Ready=Unknown',
    lasts: 'temporary',
    first: 'restart_software',
    family: 'ready',
    means: 'the kubelet says nothing any more',
  },
  node_gone: {
    from: 'node',
    seen: 'gone',
    lasts: 'permanent',
    first: 'person',
    family: 'ready',
    means: 'somebody deleted the Node object; nothing is released because of it',
  },
  // Problems that node-problem-detector keeps as conditions.
  kernel_deadlock: {
    from: 'node',
    seen: 'KernelDeadlock=True',
    lasts: 'temporary',
    first: 'power_cycle',
    means: 'tasks hang in the kernel; no software can be restarted there',
  },
  readonly_filesystem: {
    from: 'node',
    seen: 'ReadonlyFilesystem=True',
    lasts: 'temporary',
    first: 'power_cycle',
    means: 'a file system was remounted read-only after an error',
  },
  xfs_shut_down: {
    from: 'node',
    seen: 'XfsShutdown=True',
    lasts: 'temporary',
    first: 'power_cycle',
    means: 'XFS shut a file system down after an error',
  },
  netdevice_leak: {
    from: 'node',
    seen: 'FrequentUnregisterNetDevice=True',
    lasts: 'temporary',
    first: 'power_cycle',
    means: 'the kernel cannot free network devices',
  },
  kubelet_restarting: {
    from: 'node',
    seen: 'FrequentKubeletRestart=True',
    lasts: 'temporary',
    first: 'restart_software',
    means: 'the kubelet restarts again and again',
  },
  containerd_restarting: {
    from: 'node',
    seen: 'FrequentContainerdRestart=True',
    lasts: 'temporary',
    first: 'restart_software',
    means: 'containerd restarts again and again',
  },
  docker_restarting: {
    from: 'node',
    seen: 'FrequentDockerRestart=True',
    lasts: 'temporary',
    first: 'restart_software',
    means: 'Docker restarts again and again',
  },
  kubelet_unhealthy: {
    from: 'node',
    seen: 'KubeletUnhealthy=True',
    lasts: 'temporary',
    first: 'restart_software',
    means: 'the kubelet fails its own health check',
  },
  runtime_unhealthy: {
    from: 'node',
    seen: 'ContainerRuntimeUnhealthy=True',
    lasts: 'temporary',
    first: 'restart_software',
    means: 'the container runtime fails its health check',
  },
  image_store_corrupt: {
    from: 'node',
    seen: 'CorruptDockerOverlay2=True',
    lasts: 'temporary',
    first: 'reimage',
    means: 'the store of container images is damaged: a restart finds it as it was',
  },
  firmware_reports_fatal: {
    from: 'node',
    seen: 'CperHardwareErrorFatal=True',
    lasts: 'permanent',
    first: 'replace',
    means: 'the firmware reported a fatal hardware error to the kernel',
  },
  // Too much work is no fault of the machine.
  memory_pressure: {
    from: 'node',
    seen: 'MemoryPressure=True',
    lasts: 'temporary',
    first: 'observe',
    means: 'the pods use up the memory',
  },
  disk_pressure: {
    from: 'node',
    seen: 'DiskPressure=True',
    lasts: 'temporary',
    first: 'observe',
    means: 'a disk is nearly full',
  },
  pid_pressure: { from: 'node', seen: 'PIDPressure=True', lasts: 'temporary', first: 'observe', means: 'too many processes' },
  network_unavailable: {
    from: 'node',
    seen: 'NetworkUnavailable=True',
    lasts: 'temporary',
    first: 'observe',
    means: 'the network plug-in has not set up the node',
  },
  // The event log of the BMC. A restart mends none of these; the first row that matches counts.
  memory_uncorrectable: {
    from: 'bmc',
    seen: /uncorrectable.*(memory|ecc|dimm)|(memory|ecc|dimm).*uncorrectable|multi-?bit memory/i,
    lasts: 'permanent',
    first: 'replace',
    means: 'a memory module lost bits that could not be corrected',
  },
  disk_failing: {
    from: 'bmc',
    seen: /(drive|disk|ssd|hdd).*predict|predict.*(drive|disk|ssd|hdd)/i,
    lasts: 'permanent',
    first: 'person',
    means: 'a drive says that it will fail soon',
  },
  disk_failed: {
    from: 'bmc',
    seen: /(drive|disk|ssd|hdd)\b.*(fault|fail|offline|removed)|fault.*\b(drive|disk|ssd|hdd)/i,
    lasts: 'permanent',
    first: 'replace',
    means: 'a drive has failed',
  },
  processor_failed: {
    from: 'bmc',
    seen: /(processor|cpu).*(internal error|ierr|thermal trip|machine check|configuration error|fail)/i,
    lasts: 'permanent',
    first: 'replace',
    means: 'a processor reported an internal error',
  },
  bus_fatal: {
    from: 'bmc',
    seen: /(pci|bus).*(fatal|parity|system error)|fatal.*(pci|bus)/i,
    lasts: 'permanent',
    first: 'replace',
    means: 'a card or its slot reported a fatal error',
  },
  power_supply_lost: {
    from: 'bmc',
    seen: /(power supply|power unit|psu)\b.*(fail|lost|input|fault|absent|redundancy)|redundancy.*power/i,
    lasts: 'permanent',
    first: 'person',
    means: 'a power supply failed or has no input; the machine lives on the other one',
  },
  fan_failed: {
    from: 'bmc',
    seen: /\bfan\b.*(fail|lower (critical|fatal)|fault|removed|lost|to critical|to fatal)/i,
    lasts: 'permanent',
    first: 'person',
    means: 'a fan stands still',
  },
  too_hot: {
    from: 'bmc',
    seen: /(temperature|temp|thermal).*(upper (critical|fatal)|above|exceed|over|to critical|to fatal)/i,
    lasts: 'temporary',
    first: 'person',
    means: 'it is too hot; look at the room and the fans',
  },
  // What the BMC says of the machine as a whole: unlike an entry of its log it comes and goes by itself.
  bmc_critical: {
    from: 'bmc_summary',
    seen: 'HealthRollup=Critical',
    lasts: 'temporary',
    first: 'person',
    means: 'its BMC counts it as critical, and says by that neither which part nor since when',
  },
  // What our own operations met.
  boot_failed: {
    from: 'operation',
    seen: 'node_not_seen',
    lasts: 'temporary',
    first: 'reimage',
    means: 'installed and restarted, but its system never appeared',
  },
  agent_silent: {
    from: 'operation',
    seen: 'agent_report',
    lasts: 'temporary',
    first: 'person',
    means: 'told to boot the agent, it never reported: cabling, boot order or a fault',
  },
  join_failed: {
    from: 'operation',
    seen: 'node_not_ready',
    lasts: 'temporary',
    first: 'reimage',
    means: 'it joined its cluster and never became Ready',
  },
} as const satisfies Record<string, SignalRow>;

export type SignalName = keyof typeof SIGNALS;
export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly SignalName[];

export const rowOf = (signal: SignalName): SignalRow => SIGNALS[signal];

export function familyOf(signal: SignalName): string {
  return rowOf(signal).family ?? signal;
}

/** Tells that the node does not serve as it should, and is worth a rung above observing. */
export function stopsService(signal: SignalName): boolean {
  const { from, first } = rowOf(signal);
  return from === 'node' && first !== 'observe';
}
