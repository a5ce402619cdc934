// What the agent tells us: its count of parts, its progress, its result. Each may come twice.
import type { InstructionId, ServerId } from '@rackwright/domain/ids.ts';
import { isId } from '@rackwright/domain/ids.ts';
import { agentInspection, agentProgress, agentResult } from '@rackwright/api-contract/agent-contract.ts';
import { agentCaller } from './agent-caller.ts';
import { type Exchange, HttpProblem, sendNothing } from './exchange.ts';
import type { BootHttpNeeds, ReportOutcome } from './needs.ts';
import { readJson } from './read-body.ts';

type Needs = Pick<BootHttpNeeds, 'now' | 'tickets' | 'discoveryKey' | 'reports' | 'wakeUp' | 'log'>;

export async function answerInspection(exchange: Exchange, needs: Needs): Promise<void> {
  const caller = agentCaller(exchange, needs);
  const inspection = await readJson(exchange, agentInspection);
  if (caller.kind === 'stranger') {
    await needs.reports.discovered({ mac: caller.mac, address: exchange.peer, inspection });
  } else {
    await needs.reports.inspected(caller.ticketId, inspection);
    await wake(caller.serverId, needs);
  }
  sendNothing(exchange);
}

export async function answerProgress(exchange: Exchange, needs: Needs): Promise<void> {
  const { ticketId, serverId, id } = instructionOf(exchange, needs);
  const progress = await readJson(exchange, agentProgress);
  refuseUnless(await needs.reports.progressed(ticketId, id, progress));
  await wake(serverId, needs);
  sendNothing(exchange);
}

export async function answerResult(exchange: Exchange, needs: Needs): Promise<void> {
  const { ticketId, serverId, id } = instructionOf(exchange, needs);
  const result = await readJson(exchange, agentResult);
  refuseUnless(await needs.reports.finished(ticketId, id, result));
  await wake(serverId, needs);
  sendNothing(exchange);
}

/** The instruction in the path and the ticket of whoever asks. Throws HttpProblem 401 or 404; strangers have no instructions. */
export function instructionOf(exchange: Exchange, needs: Pick<Needs, 'now' | 'tickets' | 'discoveryKey'>) {
  const caller = agentCaller(exchange, needs);
  const id = exchange.params[0] ?? '';
  if (caller.kind === 'stranger' || !isId('instruction', id)) throw new HttpProblem(404, 'instruction_unknown');
  return { ticketId: caller.ticketId, serverId: caller.serverId, id: id satisfies InstructionId };
}

function refuseUnless(outcome: ReportOutcome): void {
  if (outcome === 'unknown') throw new HttpProblem(404, 'instruction_unknown');
  if (outcome === 'withdrawn') throw new HttpProblem(409, 'instruction_withdrawn');
}

/** The report is safe already; without the wake-up a sweep finds it. */
async function wake(serverId: ServerId, { wakeUp, log }: Pick<Needs, 'wakeUp' | 'log'>): Promise<void> {
  await wakeUp(serverId).catch((cause: unknown) =>
    log({ level: 'warn', event: 'wake_up_failed', serverId, cause: String(cause) }),
  );
}
