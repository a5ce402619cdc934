// The install agent in a simulated server: counts, asks for instructions, obeys, and never chooses a disk itself.
import { notesOf } from '../journal.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import { type AgentCalls, type AgentSession, agentCalls, isGood } from './agent-calls.ts';
import { inspect } from './agent-inspection.ts';
import { type Instruction, readInstruction, reporterOf } from './agent-instruction.ts';
import type { SimulatedDisk } from './disks.ts';
import { eraseDisks } from './erase-disks.ts';
import type { MachineSpec } from './machine-spec.ts';
import { burnIn } from './burn-in.ts';
import { writeImage } from './write-image.ts';

export type AgentStage = AgentSession & {
  spec: MachineSpec;
  disks: readonly SimulatedDisk[];
  firmwareMode: FirmwareMode;
  afterChunk: (count: number) => void;
  /** What its memory does when all of it is written and read again; undefined: it holds. */
  stressMemory: () => string | undefined;
};

/** Ends when the server is told to reboot or to power off. Rejects when the power goes; throws PowerOff when nobody knows its token. */
export async function runAgent(stage: AgentStage): Promise<'reboot' | 'power_off'> {
  const { world, running } = stage;
  const calls = agentCalls(stage);
  const report = inspect(stage.spec, stage.disks, world.rack, stage.firmwareMode);
  while (!isGood((await calls.post('/agent/v1/inspection', report)).status)) await world.pace.pause(seconds(5), running.power);
  running.say('agent: inspection reported');

  const written = new Map<string, Set<number>>();
  for (;;) {
    const asked = performance.now();
    const { status, body } = await calls.get('/agent/v1/instruction');
    const instruction = isGood(status) ? readInstruction(body.toString('utf8')) : undefined;
    if (instruction && instruction.action !== 'wait') {
      running.say(`agent: instruction ${instruction.id}: ${instruction.action}`);
      const end = await obey(stage, calls, instruction, written);
      if (end) return end;
    }
    // A server that answers at once must not be hammered.
    if (performance.now() - asked < 1_000) await world.pace.pause(seconds(1), running.power);
  }
}

async function obey(
  stage: AgentStage,
  calls: AgentCalls,
  instruction: Instruction,
  written: Map<string, Set<number>>,
): Promise<'reboot' | 'power_off' | undefined> {
  const reporter = reporterOf(calls, instruction.id);
  const note = notesOf(stage.spec.name, stage.world.journal);
  const begins = (deed: 'write' | 'erase') => (serial: string) =>
    note({ what: 'disk', deed, serial, instructionId: instruction.id, token: stage.token });
  switch (instruction.action) {
    case 'write_image':
      await writeImage({ ...stage, instruction, calls, reporter, written, begins: begins('write') });
      return undefined;
    case 'erase_disks':
      await eraseDisks({ ...stage, instruction, reporter, begins: begins('erase') });
      return undefined;
    case 'burn_in':
      await burnIn({ ...stage, instruction, reporter });
      return undefined;
    case 'reboot':
    case 'power_off':
      await reporter.result('done', '', '');
      return instruction.action;
    default:
      await reporter.result('refused', 'instruction_not_understood', `this agent does not know ${instruction.action}`);
      return undefined;
  }
}
