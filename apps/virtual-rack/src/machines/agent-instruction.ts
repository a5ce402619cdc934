// One instruction as the agent reads it, and what the agent tells about it.
import { type AgentCalls, isGood } from './agent-calls.ts';

export type Instruction = {
  id: string;
  action: string;
  diskSerials: string[];
  image: string;
  burnIn: { cpuSeconds: number; memorySeconds: number; diskSeconds: number };
};

/** What the agent tells about one instruction. */
export type AgentReporter = {
  /** False when the instruction was withdrawn: stop at once. */
  progress(percent: number, message: string): Promise<boolean>;
  result(outcome: 'done' | 'refused' | 'failed', code: string, detail: string, evidence?: unknown): Promise<void>;
  /** 401, 409 and 410 mean "stop", not "tell". */
  notServed(what: string, status: number): Promise<void>;
};

/** Lines of `key value`; unknown keys are for a newer agent and skipped. Undefined without an id and a deed. */
export function readInstruction(text: string): Instruction | undefined {
  const burnIn = { cpuSeconds: 0, memorySeconds: 0, diskSeconds: 0 };
  const instruction: Instruction = { id: '', action: '', diskSerials: [], image: '', burnIn };
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    const value = line.slice(space + 1);
    switch (line.slice(0, space)) {
      case 'id':
        instruction.id = value;
        break;
      case 'do':
        instruction.action = value;
        break;
      case 'disk_serial':
        instruction.diskSerials.push(value);
        break;
      case 'image':
        instruction.image = value;
        break;
      case 'cpu_seconds':
        burnIn.cpuSeconds = Number(value);
        break;
      case 'memory_seconds':
        burnIn.memorySeconds = Number(value);
        break;
      case 'disk_seconds':
        burnIn.diskSeconds = Number(value);
        break;
    }
  }
  return instruction.action === '' || (instruction.id === '' && instruction.action !== 'wait') ? undefined : instruction;
}

export function reporterOf(calls: AgentCalls, id: string): AgentReporter {
  const result: AgentReporter['result'] = async (outcome, code, detail, evidence = {}) => {
    await calls.post(`/agent/v1/instructions/${id}/result`, { outcome, code, detail, evidence });
  };
  return {
    result,
    async progress(percent, message) {
      return isGood((await calls.post(`/agent/v1/instructions/${id}/progress`, { percent, message })).status);
    },
    async notServed(what, status) {
      if (status !== 401 && status !== 409 && status !== 410)
        await result('failed', 'image_not_served', `${what}: HTTP ${status}`);
    },
  };
}
