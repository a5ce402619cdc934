// Takes a spare: chooses, and begins to install it in the same transaction. Whoever comes second finds it taken and chooses again.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { chooseSpare, type PassedOver, type Placed, type SpareChoice } from '@rackwright/domain/placement/choose-spare.ts';
import { newId } from '../new-id.ts';
import { beginOperation } from '../operations/begin-operation.ts';
import type { Transaction } from '../transaction.ts';
import type { Install } from './read-replacement.ts';
import { readCandidates } from './read-spares.ts';

export type TakeSpare = {
  broken: Placed;
  install: Install;
  /** Not these again. */
  except: readonly ServerId[];
  /** Only this one, where a person chose. */
  only?: ServerId | undefined;
  requestedBy: string;
  reason: string;
};

export type Taken = { choice: SpareChoice; operationId: OperationId | null };

/** Somebody else was quicker, or holds it: the next best is looked for. */
const TAKEN_MEANWHILE = new Set(['not_allowed_in_state', 'operation_in_progress', 'server_already_allocated', 'server_held']);

/** Without an operation no spare was there to take, and the choice says why not, also of better ones that somebody else has. */
export async function takeSpare(tx: Transaction, request: TakeSpare): Promise<Taken> {
  const { broken, install, except, only, requestedBy, reason } = request;
  const read = await readCandidates(tx, broken, except);
  let candidates = only === undefined ? read : read.filter(({ id }) => id === only);
  const refused: PassedOver[] = [];
  for (;;) {
    const { passedOver, ...rest } = chooseSpare(broken, candidates);
    const choice = { ...rest, passedOver: [...refused, ...passedOver] };
    const { chosen } = choice;
    if (!chosen) return { choice, operationId: null };
    const operationId = newId('operation');
    const { clusterId, imageDigest, nodeLabels } = install;
    // Named after itself, as every server is: both may be in the cluster for a while.
    const params = { imageDigest, nodeLabels, ...(clusterId === null ? {} : { clusterId }) };
    try {
      await tx.savepoint(() =>
        beginOperation(tx, operationId, { serverId: chosen.id, event: 'provision', params, requestedBy, reason }),
      );
      return { choice, operationId };
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || !TAKEN_MEANWHILE.has(thrown.code)) throw thrown;
      const reason = thrown.code === 'server_held' ? 'server_held' : 'taken_meanwhile';
      refused.push({ id: chosen.id, name: chosen.name, reason, facts: thrown.facts });
      candidates = candidates.filter(({ id }) => id !== chosen.id);
    }
  }
}
