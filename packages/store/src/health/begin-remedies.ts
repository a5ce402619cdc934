// Begins what was decided for the upper rungs, as a part of the controller's transaction: a work order, a re-image, a replacement.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { Remedy } from '@rackwright/domain/health/remedies.ts';
import { type SuspectedPart, suspectedPart } from '@rackwright/domain/health/suspected-part.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { SpareChoice } from '@rackwright/domain/placement/choose-spare.ts';
import { newId } from '../new-id.ts';
import { beginOperation } from '../operations/begin-operation.ts';
import { beginReplacement, planReplacement } from '../replacements/begin-replacement.ts';
import type { Transaction } from '../transaction.ts';
import { openWorkOrder } from '../work-orders/open-work-order.ts';
import { HEALTH_POLICY_NAME } from './policy-name.ts';

/** `wake`: an operation to be woken after the commit. */
type Done = { remedy: Remedy; wake?: OperationId | undefined };

/** Nothing of it is left as `begin`: begun, or waiting with the reason. */
export async function beginRemedies(
  tx: Transaction,
  serverId: ServerId,
  remedies: readonly Remedy[],
): Promise<{ remedies: Remedy[]; wake: OperationId[] }> {
  const done: Done[] = [];
  // One after the other: they lock the same server.
  for (const remedy of remedies) done.push(remedy.state === 'begin' ? await beginOne(tx, serverId, remedy) : { remedy });
  return { remedies: done.map(({ remedy }) => remedy), wake: done.flatMap(({ wake }) => wake ?? []) };
}

/** Somebody else may have moved the server since it was looked at: then it says so, and is decided anew in the next round. */
async function beginOne(tx: Transaction, serverId: ServerId, remedy: Remedy): Promise<Done> {
  try {
    return await tx.savepoint(() => BEGIN[remedy.remedy](tx, serverId, remedy));
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return waits(remedy, 'remedy_refused', { code: thrown.code, ...thrown.facts });
  }
}

const begun = (remedy: Remedy, id: string, facts: Remedy['facts']): Remedy => ({ ...remedy, state: 'begun', id, facts });
const waits = (remedy: Remedy, because: Remedy['because'], facts: Remedy['facts']): Done => ({
  remedy: { ...remedy, state: 'waits', because, facts },
});

const BEGIN = { open_work_order: openOrder, reimage, replace } satisfies Record<Remedy['remedy'], unknown>;

async function openOrder(tx: Transaction, serverId: ServerId, remedy: Remedy): Promise<Done> {
  const { cause, suspect } = remedy;
  const onFile = suspect && (await acceptedParts(tx, serverId));
  const part = suspect ? suspectedPart(suspect.signal, suspect.detail, onFile) : undefined;
  const notes = suspect ? [suspect.signal, suspect.detail].filter((said) => said !== '').join(': ') : '';
  const { id } = await openWorkOrder(tx, { serverId, cause, part, notes, openedBy: HEALTH_POLICY_NAME });
  return { remedy: begun(remedy, id, factsOf(part)) };
}

/** As the order itself tells it from the next round on. */
function factsOf(part: SuspectedPart | undefined): Remedy['facts'] {
  if (!part) return { part: 'other' };
  const { kind, slot, oldSerial } = part;
  return { part: kind, ...(slot === null ? {} : { slot }), ...(oldSerial === null ? {} : { partSerial: oldSerial }) };
}

async function reimage(tx: Transaction, serverId: ServerId, remedy: Remedy): Promise<Done> {
  const id = newId('operation');
  const by = { requestedBy: HEALTH_POLICY_NAME, reason: remedy.cause };
  await beginOperation(tx, id, { serverId, event: 'reimage', params: {}, ...by });
  return { remedy: begun(remedy, id, {}), wake: id };
}

/** Isolated, not erased: what is broken goes to whoever has its work order, which has the same cause and so is the same one. */
async function replace(tx: Transaction, serverId: ServerId, remedy: Remedy): Promise<Done> {
  const request = { serverId, order: 'spare_first', takesOutBy: 'repair' } as const;
  const { choice } = await planReplacement(tx, request);
  if (!choice.chosen) return waits(remedy, 'no_spare', passedOverFacts(choice));
  const id = newId('replacement');
  const wake = await beginReplacement(tx, id, request, { requestedBy: HEALTH_POLICY_NAME, reason: remedy.cause });
  return { remedy: begun(remedy, id, { spare: choice.chosen.name }), wake };
}

const MOST_NAMED = 20;

function passedOverFacts({ passedOver }: SpareChoice): Remedy['facts'] {
  const said = passedOver.slice(0, MOST_NAMED).map(({ name, reason, facts }) => {
    const why = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`);
    return `${name}: ${reason}${why.length > 0 ? ` (${why.join(', ')})` : ''}`;
  });
  return { candidates: passedOver.length, passedOver: said.join('; ') };
}

async function acceptedParts(tx: Transaction, serverId: ServerId): Promise<Inspection | null> {
  const [row] = await tx.query<{ inspection: Inspection }>('select inspection from accepted_hardware where server_id = $1', [
    serverId,
  ]);
  return row?.inspection ?? null;
}
