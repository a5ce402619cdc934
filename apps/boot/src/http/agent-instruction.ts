// GET /agent/v1/instruction: waits until there is something to do, at most 20 s.
import { seconds } from '@rackwright/domain/durations.ts';
import type { TicketId } from '@rackwright/domain/ids.ts';
import { agentCaller } from './agent-caller.ts';
import { type Exchange, sendText } from './exchange.ts';
import type { Gate } from './gate.ts';
import { instructionText, WAIT_TEXT } from './instruction-text.ts';
import type { BootHttpNeeds } from './needs.ts';

type Needs = Pick<BootHttpNeeds, 'now' | 'tickets' | 'discoveryKey' | 'reports'> & {
  waiters: Gate;
  /** Milliseconds. */
  longestWait?: number;
  /** Ends every wait when the server closes. */
  closing: AbortSignal;
};

export async function answerInstruction(exchange: Exchange, needs: Needs): Promise<void> {
  const caller = agentCaller(exchange, needs);
  const text = await needs.waiters.through(async () => {
    const wait = waitFor(exchange, needs);
    try {
      if (caller.kind === 'server') return await nextText(caller.ticketId, wait, needs);
      // A stranger has reported all it will be asked for; its token runs out and it powers off.
      await wait.over;
      return WAIT_TEXT;
    } finally {
      wait.stop();
    }
  });
  if (!exchange.response.destroyed) sendText(exchange, text);
}

async function nextText(ticketId: TicketId, wait: Wait, { reports }: Needs): Promise<string> {
  let changed = Promise.withResolvers<void>();
  // Watched before it is read: what comes in between wakes us too.
  const unwatch = reports.watchInstructions(ticketId, () => changed.resolve());
  try {
    for (;;) {
      const instruction = await reports.nextInstruction(ticketId);
      if (instruction) return instructionText(instruction);
      if ((await Promise.race([changed.promise, wait.over])) === 'over') return WAIT_TEXT;
      changed = Promise.withResolvers<void>();
    }
  } finally {
    unwatch();
  }
}

type Wait = { over: Promise<'over'>; stop(): void };

/** Over after the longest wait, when the agent hangs up, or when we close. */
function waitFor({ response }: Exchange, { longestWait = seconds(20), closing }: Needs): Wait {
  const { promise, resolve } = Promise.withResolvers<'over'>();
  const end = () => resolve('over');
  const timer = setTimeout(end, longestWait);
  response.once('close', end);
  closing.addEventListener('abort', end);
  if (closing.aborted) end();
  return {
    over: promise,
    stop() {
      clearTimeout(timer);
      response.off('close', end);
      closing.removeEventListener('abort', end);
    },
  };
}
