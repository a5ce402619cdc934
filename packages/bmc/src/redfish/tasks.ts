// Follows a 202 to its end (DSP0266 §13.6): the promise of a BMC to do something later.
import { Fault } from '@rackwright/domain/errors.ts';
import { pathOf } from './authorisation.ts';
import type { Clock } from './clock.ts';
import type { RedfishDocument } from './documents.ts';
import { asDocument, list, text } from './documents.ts';
import { faultFromAnswer, retryAfter } from './failures.ts';
import type { Timings } from './timings.ts';
import type { RedfishResponse } from './transport.ts';

type Needs = { clock: Clock; timings: Timings; doing: string };

const FIRST_POLL_MS = 2_000;
const MAX_POLL_MS = 30_000;

/** Ends when the task completed, vanished, or cannot be found: the caller looks at the effect anyway. Throws Fault. */
export async function followTask(
  accepted: RedfishResponse,
  read: (path: string) => Promise<RedfishResponse>,
  { clock, timings, doing }: Needs,
): Promise<void> {
  const path = taskPath(accepted);
  if (path === undefined) return;
  const until = clock.now() + timings.task;
  let pause = FIRST_POLL_MS;
  let wait = retryAfter(accepted) ?? FIRST_POLL_MS;
  for (;;) {
    if (clock.now() + wait > until) {
      throw new Fault({ code: 'bmc_busy', doing, retry: 'later', effect: 'maybe', cause: `task ${path} still runs` });
    }
    await clock.wait(wait);
    const answer = await read(path);
    // iDRAC purges finished tasks; the monitor of a finished one may answer 204.
    if (answer.status === 404 || answer.status === 204) return;
    if (answer.status >= 400) throw faultFromAnswer(answer, { doing, write: true });
    const state = text(documentOf(answer), 'TaskState');
    if (answer.status !== 202 && (state === '' || state === 'Completed')) return;
    if (['Exception', 'Killed', 'Cancelled'].includes(state)) throw failed(documentOf(answer), state, doing);
    pause = Math.min(pause * 1.5, MAX_POLL_MS);
    wait = Math.min(Math.max(retryAfter(answer) ?? pause, FIRST_POLL_MS), MAX_POLL_MS);
  }
}

/** The task itself, else its monitor: Lenovo XCC deletes a finished task when the monitor is read. */
function taskPath(accepted: RedfishResponse): string | undefined {
  const body = documentOf(accepted);
  if (text(body, 'TaskState') !== '' && text(body, '@odata.id') !== '') return text(body, '@odata.id');
  return pathOf(accepted.headers.get('location')) ?? (text(body, '@odata.id') || undefined);
}

function failed(task: RedfishDocument, state: string, doing: string): Fault {
  const message = list(task, 'Messages').map((each) => text(asDocument(each), 'Message'));
  return new Fault({
    code: 'bmc_write_unverified',
    doing,
    retry: 'later',
    effect: 'maybe',
    facts: { taskState: state },
    cause: `the BMC's task ended as ${state}${message[0] ? `: ${message[0].slice(0, 200)}` : ''}`,
  });
}

function documentOf(answer: RedfishResponse): RedfishDocument {
  try {
    return asDocument(JSON.parse(answer.body));
  } catch {
    return {};
  }
}
