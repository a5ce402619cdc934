// Begins a replacement: the record, and the first thing that it does, or nothing.
import type { DrainPolicy } from '@rackwright/domain/drain.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ReplacementId, ServerId } from '@rackwright/domain/ids.ts';
import type { ReplacementOrder, TakesOutBy } from '@rackwright/domain/placement/advance-replacement.ts';
import { chooseSpare, type SpareChoice } from '@rackwright/domain/placement/choose-spare.ts';
import { isServing } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Sql } from '../database.ts';
import { lockServer } from '../servers/move-server.ts';
import type { Transaction } from '../transaction.ts';
import { type Install, keptChoice } from './read-replacement.ts';
import { readCandidates, readPlaced } from './read-spares.ts';
import { takeSpare } from './take-spare.ts';

export type ReplacementRequest = {
  serverId: ServerId;
  order: ReplacementOrder;
  /** Where a person chose; the rules choose unless told. */
  spareId?: ServerId | undefined;
  /** The broken one's unless told. */
  imageDigest?: string | undefined;
  /** For taking the broken one out. */
  drain?: DrainPolicy | undefined;
  /** `release` unless told. */
  takesOutBy?: TakesOutBy | undefined;
};

export type ReplacementPlan = { install: Install; choice: SpareChoice; takesOut: boolean };

/** Longer than the two operations may take one after the other. */
const DEADLINE = '21 days';

/** What would happen now; writes nothing. Refusals `not_found`, `nothing_installed`. */
export async function planReplacement(sql: Sql, request: ReplacementRequest): Promise<ReplacementPlan> {
  const { serverId, spareId } = request;
  const install = await readInstall(sql, request);
  const broken = await readPlaced(sql, serverId);
  const candidates = await readCandidates(sql, broken, []);
  const choice = chooseSpare(broken, spareId === undefined ? candidates : candidates.filter(({ id }) => id === spareId));
  const [server] = await sql.query<{ state: string }>('select state::text as state from servers where id = $1', [serverId]);
  return { install, choice, takesOut: isServing(server?.state ?? '') };
}

/**
 * Spare first: a spare is being installed when this returns, and its operation is to be woken. Broken first: the controller begins.
 * Refusals `not_found`, `nothing_installed`, `replacement_in_progress` {replacementId}, `no_spare` {passedOver}.
 */
export async function beginReplacement(
  tx: Transaction,
  id: ReplacementId,
  request: ReplacementRequest,
  { requestedBy, reason }: { requestedBy: string; reason: string },
): Promise<OperationId | undefined> {
  const { serverId, order, spareId, drain, takesOutBy = 'release' } = request;
  // Nobody replaces it beside us; what it is in the middle of may go on.
  await lockServer(tx, serverId);
  const [running] = await tx.query<{ id: string }>(
    'select id from replacements where broken_server_id = $1 and finished_at is null',
    [serverId],
  );
  if (running) throw new Refusal('replacement_in_progress', { replacementId: running.id });
  const install = await readInstall(tx, request);
  const broken = await readPlaced(tx, serverId);
  const by = { requestedBy: `replacement ${id} (${requestedBy})`, reason: `takes the place of ${broken.name}` };
  const taken = order === 'spare_first' ? await takeSpare(tx, { broken, install, except: [], only: spareId, ...by }) : null;
  if (taken && taken.operationId === null) throw noSpare(broken.name, taken.choice);

  const spare = taken?.choice.chosen?.id ?? null;
  const choice = keptChoice(taken?.choice ?? { chosen: null, passedOver: [] });
  await tx.query(
    `insert into replacements (id, broken_server_id, spare_server_id, replacement_order, state, spare_operation_id, tried, install,
                               drain, choice, requested_by, reason, takes_out_by, deadline_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, clock_timestamp() + interval '${DEADLINE}')`,
    [
      id,
      serverId,
      spare,
      order,
      order === 'spare_first' ? 'taking_in' : 'taking_out',
      taken?.operationId ?? null,
      spare === null ? [] : [spare],
      JSON.stringify(install),
      drain === undefined ? null : JSON.stringify(drain),
      JSON.stringify(choice),
      requestedBy,
      reason,
      takesOutBy,
    ],
  );
  tx.emit({
    kind: 'replacement.begun',
    subject: { kind: 'replacement', id },
    serverId,
    operationId: taken?.operationId ?? undefined,
    payload: { order, spareId: spare, requestedBy, reason },
  });
  return taken?.operationId ?? undefined;
}

/** Named with the one that came nearest: what it lacks is what to look for. */
export function noSpare(server: string, { passedOver }: SpareChoice): Refusal {
  const [nearest] = passedOver;
  const facts = nearest ? { nearest: nearest.name, because: nearest.reason, ...nearest.facts } : { because: 'none_available' };
  return new Refusal('no_spare', { ...facts, server, looked: passedOver.length });
}

async function readInstall(sql: Sql, { serverId, imageDigest }: ReplacementRequest): Promise<Install> {
  const [row] = await sql.query<Install & { name: string }>(
    `select s.name, a.cluster_id as "clusterId", a.image_digest as "imageDigest", a.node_labels as "nodeLabels"
       from servers s left join allocations a on a.server_id = s.id where s.id = $1`,
    [serverId],
  );
  if (!row) throw new Refusal('not_found', { kind: 'server', id: serverId });
  const { name, clusterId, nodeLabels } = row;
  if (row.imageDigest === null) throw new Refusal('nothing_installed', { server: name });
  return { clusterId, imageDigest: imageDigest ?? row.imageDigest, nodeLabels };
}
