// What is read from Nodes, event logs and failed operations; the table itself keeps its promises.
import { describe, expect, test } from 'vitest';
import { LADDER, RUNGS } from './ladder.ts';
import { signalOfFailure, signalsOfEventLog, signalsOfNode } from './read-signals.ts';
import { familyOf, rowOf, SIGNAL_NAMES } from './signals.ts';

const condition = (type: string, status: string) => ({ type, status, reason: 'Because', message: 'it says so' });
const entry = (
  message: string,
  severity: 'ok' | 'warning' | 'critical' = 'critical',
  at: string | null = '2026-01-01T00:00:00Z',
) => ({
  id: '1',
  at,
  severity,
  message,
});

test('a healthy Node says nothing; each condition of the table is one signal', () => {
  expect(signalsOfNode([condition('Ready', 'True'), condition('KernelDeadlock', 'False'), condition('MyOwn', 'True')])).toEqual(
    [],
  );
  expect(signalsOfNode([])).toEqual([]);
  expect(signalsOfNode([condition('Ready', 'Unknown'), condition('ReadonlyFilesystem', 'True')])).toEqual([
    { signal: 'node_silent', detail: 'it says so' },
    { signal: 'readonly_filesystem', detail: 'it says so' },
  ]);
});

/**
 * As the kubelet, the controllers and node-problem-detector's own config files spell them: type, status when
 * unwell, reason then, reason when well, our signal.
 */
const CONDITIONS = [
  // The kubelet; Unknown is written by the node lifecycle controller in its place.
  ['Ready', 'False', 'KubeletNotReady', 'KubeletReady', 'node_not_ready'],
  ['Ready', 'Unknown', 'NodeStatusUnknown', 'KubeletReady', 'node_silent'],
  ['MemoryPressure', 'True', 'KubeletHasInsufficientMemory', 'KubeletHasSufficientMemory', 'memory_pressure'],
  ['DiskPressure', 'True', 'KubeletHasDiskPressure', 'KubeletHasNoDiskPressure', 'disk_pressure'],
  ['PIDPressure', 'True', 'KubeletHasInsufficientPID', 'KubeletHasSufficientPID', 'pid_pressure'],
  // The route controller.
  ['NetworkUnavailable', 'True', 'NoRouteCreated', 'RouteCreated', 'network_unavailable'],
  // kernel-monitor.json and readonly-monitor.json
  ['KernelDeadlock', 'True', 'DockerHung', 'KernelHasNoDeadlock', 'kernel_deadlock'],
  ['ReadonlyFilesystem', 'True', 'FilesystemIsReadOnly', 'FilesystemIsNotReadOnly', 'readonly_filesystem'],
  ['XfsShutdown', 'True', 'XfsHasShutdown', 'XfsHasNotShutDown', 'xfs_shut_down'],
  ['CperHardwareErrorFatal', 'True', 'CperHardwareErrorFatal', 'CperHardwareHasNoFatalError', 'firmware_reports_fatal'],
  // kernel-monitor-counter.json
  ['FrequentUnregisterNetDevice', 'True', 'UnregisterNetDevice', 'NoFrequentUnregisterNetDevice', 'netdevice_leak'],
  // systemd-monitor-counter.json
  ['FrequentKubeletRestart', 'True', 'FrequentKubeletRestart', 'NoFrequentKubeletRestart', 'kubelet_restarting'],
  ['FrequentDockerRestart', 'True', 'FrequentDockerRestart', 'NoFrequentDockerRestart', 'docker_restarting'],
  ['FrequentContainerdRestart', 'True', 'FrequentContainerdRestart', 'NoFrequentContainerdRestart', 'containerd_restarting'],
  // health-checker-kubelet.json, -containerd.json and -docker.json
  ['KubeletUnhealthy', 'True', 'KubeletUnhealthy', 'KubeletIsHealthy', 'kubelet_unhealthy'],
  ['ContainerRuntimeUnhealthy', 'True', 'ContainerdUnhealthy', 'ContainerRuntimeIsHealthy', 'runtime_unhealthy'],
  ['ContainerRuntimeUnhealthy', 'True', 'DockerUnhealthy', 'ContainerRuntimeIsHealthy', 'runtime_unhealthy'],
  // docker-monitor.json and docker-monitor-counter.json
  ['CorruptDockerOverlay2', 'True', 'CorruptDockerOverlay2', 'NoCorruptDockerOverlay2', 'image_store_corrupt'],
] as const;

describe('conditions as others write them', () => {
  test.each(CONDITIONS)('%s=%s, %s (else %s): %s', (type, status, reason, reasonWhenWell, signal) => {
    expect(signalsOfNode([{ type, status, reason, message: '' }])).toEqual([{ signal, detail: reason }]);
    const well = type === 'Ready' ? 'True' : 'False';
    expect(signalsOfNode([{ type, status: well, reason: reasonWhenWell, message: '' }])).toEqual([]);
    // A monitor that cannot tell is no finding; only of Ready is it one.
    if (type !== 'Ready') expect(signalsOfNode([{ type, status: 'Unknown', reason, message: '' }])).toEqual([]);
  });

  test('no row of the table is without one', () => {
    const rows = SIGNAL_NAMES.filter((name) => rowOf(name).from === 'node' && rowOf(name).seen !== 'gone');
    expect(new Set(CONDITIONS.map((one) => one[4]))).toEqual(new Set(rows));
  });
});

test('loop guard: not ready, silent and gone are one trouble', () => {
  expect(new Set((['node_not_ready', 'node_silent', 'node_gone'] as const).map(familyOf))).toEqual(new Set(['ready']));
});

describe('the event log', () => {
  test.each([
    ['Multi-bit memory errors detected on a memory device at location(s) DIMM_A1.', 'memory_uncorrectable'],
    ['Uncorrectable Memory Error (Processor 1, DIMM 3)', 'memory_uncorrectable'],
    ['memory 12: uncorrectable error', 'memory_uncorrectable'],
    ['Fault detected on drive 2 in disk drive bay 1.', 'disk_failed'],
    ['drive bay 5: drive fault', 'disk_failed'],
    ['drive bay 5: predicted failure', 'disk_failing'],
    ['CPU 1 machine check error detected.', 'processor_failed'],
    ['processor 1: internal error', 'processor_failed'],
    ['critical interrupt 4: PCI system error', 'bus_fatal'],
    ['A bus fatal error was detected on a component at bus 64 device 0 function 0.', 'bus_fatal'],
    ['The power input for power supply 1 is lost.', 'power_supply_lost'],
    ['Power supply redundancy is lost.', 'power_supply_lost'],
    ['power supply 2: failure', 'power_supply_lost'],
    ['fan 3: lower critical', 'fan_failed'],
    ['The system inlet temperature is greater than the upper critical threshold.', 'too_hot'],
  ])('%s', (message, signal) =>
    expect(signalsOfEventLog([entry(message)], '2025-12-31T00:00:00Z')).toEqual([{ signal, detail: message }]),
  );

  test.each([
    [entry('memory 12: uncorrectable error', 'ok')],
    [entry('memory 12: uncorrectable error', 'critical', null)],
    [entry('memory 12: uncorrectable error', 'critical', '2025-12-30T00:00:00Z')],
    [entry('memory 12: correctable error', 'warning')],
    [entry('Correctable memory error rate exceeded for DIMM_B2.', 'warning')],
    [entry('The operating system stopped unexpectedly')],
    [entry('System power is off', 'ok')],
  ])('says nothing about hardware now: %o', (one) => expect(signalsOfEventLog([one], '2025-12-31T00:00:00Z')).toEqual([]));

  test('of many the newest of each kind; a message without end is cut and read quickly', () => {
    const log = [
      entry('drive bay 1: drive fault'),
      entry('drive bay 2: drive fault'),
      entry(`memory ${'x'.repeat(1e6)} uncorrectable`),
    ];
    expect(signalsOfEventLog(log, '2025-12-31T00:00:00Z')).toEqual([
      { signal: 'disk_failed', detail: 'drive bay 2: drive fault' },
    ]);
  });
});

test('a failed installation names what it waited for', () => {
  expect(signalOfFailure('node_not_seen')).toBe('boot_failed');
  expect(signalOfFailure('node_not_ready')).toBe('join_failed');
  expect(signalOfFailure('pods_leaving')).toBeUndefined();
});

test('the table: permanent faults are never restarted, and every rung is somebody’s', () => {
  for (const name of SIGNAL_NAMES) {
    const { lasts, first } = rowOf(name);
    if (lasts === 'permanent') expect(LADDER[first].by, name).toBe('escalate');
  }
  expect(RUNGS.at(0)).toBe('observe');
  expect(RUNGS.at(-1)).toBe('person');
});
