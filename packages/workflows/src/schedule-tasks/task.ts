// What a scheduled task is made of: who is picked and why not, what is done with each, and what the run reports.
import type { Facts } from '@rackwright/domain/errors.ts';
import type { Candidates, ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { ItemReason } from '@rackwright/domain/schedules/item-reasons.ts';
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import type { TaskName, TaskParams } from '@rackwright/domain/schedules/tasks.ts';
import type { StoredError } from '@rackwright/workflow-engine/step-log.ts';
import type { TaskNeeds } from './needs.ts';

export type Subject = { kind: 'server'; id: ServerId; name: string } | { kind: 'cluster'; id: ClusterId; name: string };

/** `result`: choosing was all there was to do, and this came of it. */
export type Picked = { subject: Subject; picked: boolean; reason: ItemReason; facts: Facts; result?: Record<string, unknown> };

export type Item = {
  position: number;
  subject: Subject;
  facts: Facts;
  /** The last operation begun for it, and how it stands; null before the first. */
  operation: { id: string; type: string; state: string; error: StoredError | null } | null;
};

/** What is to be written of an item, or begun for it. `begin` comes back with the ended operation; `again` comes back in a while. */
export type Acted =
  | { do: 'note'; result: Record<string, unknown> }
  | { do: 'skip'; reason: ItemReason; facts: Facts }
  | { do: 'fail'; error: StoredError; result?: Record<string, unknown> }
  | { do: 'again'; because: StoredError }
  | { do: 'begin'; event: 'onboard' | 'release' | 'retire'; params: Record<string, unknown>; reason: string };

export type ReportedItem = {
  subject: Subject;
  state: string;
  facts: Facts;
  result: Record<string, unknown> | null;
  error: StoredError | null;
};

/** Milliseconds since the epoch, and the schedule's time zone. */
export type PickedAt = { now: number; timeZone: string };

/** `holder` names this very attempt, `parkedAs` the run: whoever takes the run over is another holder. */
export type RunOfItem = { runId: string; holder: string; parkedAs: string; deadlineAt: string; timeZone: string };

/** Every deed may be done twice: the worker may die between doing and writing down. */
export type ScheduleTask<Name extends TaskName = TaskName> = {
  pick(candidates: Candidates, params: TaskParams[Name], when: PickedAt): Picked[];
  /** How many items may be under way at once, those that wait for an operation included. */
  atOnce(params: TaskParams[Name]): number;
  act(item: Item, params: TaskParams[Name], needs: TaskNeeds, run: RunOfItem): Promise<Acted>;
  /** Kept with the run; bounded. */
  report(items: readonly ReportedItem[], params: TaskParams[Name]): Record<string, unknown>;
};

/** BMCs are slow and many: so many are talked to at once. */
export const BMC_READS_AT_ONCE = 16;
const MOST_FINDINGS = 2_000;

export const serverSubject = ({ id, name }: ServerCandidate): Subject => ({ kind: 'server', id, name });

export const meant = (server: ServerCandidate, facts: Facts = {}): Picked => ({
  subject: serverSubject(server),
  picked: true,
  reason: 'meant',
  facts,
});

export const leftAlone = (server: ServerCandidate, reason: ItemReason, facts: Facts = {}): Picked => ({
  subject: serverSubject(server),
  picked: false,
  reason,
  facts,
});

/** Why nobody can ask its BMC; undefined when somebody can. */
export function unreachableBmc({ bmc }: ServerCandidate): ItemReason | undefined {
  if (!bmc) return 'no_bmc';
  if (!bmc.hasCredentials) return 'no_bmc_credentials';
  return bmc.passwordInDoubt ? 'password_in_doubt' : undefined;
}

/** In the order in which they come: the rest is left alone and says so. */
export function atMost(most: number, items: readonly Picked[]): Picked[] {
  let taken = 0;
  return items.map((item) => {
    if (!item.picked) return item;
    taken += 1;
    return taken <= most ? item : { ...item, picked: false, reason: 'over_the_limit', facts: { most } };
  });
}

/** How many of each finding, and the items that somebody should look at. @param fine  findings that nobody needs to see one by one */
export function findings(items: readonly ReportedItem[], fine: readonly string[]): Record<string, unknown> {
  const totals: Record<string, number> = {};
  const listed: Record<string, unknown>[] = [];
  let more = 0;
  for (const { subject, state, result, error } of items) {
    if (state === 'skipped') continue;
    const said = result?.['finding'];
    const finding = error ? error.code : typeof said === 'string' ? said : state;
    totals[finding] = (totals[finding] ?? 0) + 1;
    if (fine.includes(finding)) continue;
    if (listed.length < MOST_FINDINGS) listed.push({ subject, finding, ...result });
    else more += 1;
  }
  return { totals, findings: listed, ...(more > 0 ? { more } : {}) };
}
