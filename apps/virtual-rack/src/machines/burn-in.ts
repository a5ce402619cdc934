// burn_in as the agent does it: processors, memory, every disk by reading it; one piece of evidence each.
import { seconds } from '@rackwright/domain/durations.ts';
import type { BurnInTest } from '@rackwright/domain/work-orders/burn-in.ts';
import type { AgentReporter, Instruction } from './agent-instruction.ts';
import { type SimulatedDisk, serialOf } from './disks.ts';
import type { MachineWorld, Running } from './machine-world.ts';

export type BurnInStage = {
  instruction: Instruction;
  disks: readonly SimulatedDisk[];
  reporter: AgentReporter;
  world: MachineWorld;
  running: Running;
  stressMemory: () => string | undefined;
};

export async function burnIn({ instruction, disks, reporter, world, running, stressMemory }: BurnInStage): Promise<void> {
  const { cpuSeconds, memorySeconds, diskSeconds } = instruction.burnIn;
  const work: (Omit<BurnInTest, 'passed' | 'detail'> & { fault: () => string | undefined })[] = [
    { test: 'cpu', subject: '', seconds: cpuSeconds, fault: () => undefined },
    { test: 'memory', subject: '', seconds: memorySeconds, fault: stressMemory },
    ...disks.map((disk) => ({
      test: 'disk' as const,
      subject: serialOf(disk),
      seconds: diskSeconds,
      fault: () => (disk.spec.broken ? 'it cannot be read' : undefined),
    })),
  ];
  const tests: BurnInTest[] = [];
  for (const { fault, ...test } of work) {
    await world.pace.takes(seconds(test.seconds), running.power);
    const detail = fault();
    tests.push({ ...test, passed: detail === undefined, detail: detail ?? '' });
    if (!(await reporter.progress(Math.floor((tests.length * 100) / work.length), `burn-in: ${test.test}`))) return;
  }
  const failed = tests.find(({ passed }) => !passed);
  if (!failed) return reporter.result('done', '', '', { tests });
  return reporter.result('failed', 'burn_in_failed', `${failed.test} ${failed.subject}: ${failed.detail}`, { tests });
}
