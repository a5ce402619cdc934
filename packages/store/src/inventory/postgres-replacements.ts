// Replacements as the API plans, begins, shows and cancels them.
import type { OperationId, ReplacementId, ServerId } from '@rackwright/domain/ids.ts';
import type { ReplacementState } from '@rackwright/domain/placement/advance-replacement.ts';
import { cancelReplacement } from '../replacements/advance-replacement.ts';
import {
  beginReplacement,
  planReplacement,
  type ReplacementPlan,
  type ReplacementRequest,
} from '../replacements/begin-replacement.ts';
import { readReplacement, SELECT_REPLACEMENT, type ReplacementRecord } from '../replacements/read-replacement.ts';
import { type Page, type PageRequest, pageOf, type Work } from './work.ts';

export type ReplacementFilter = { serverId?: ServerId | undefined; state?: ReplacementState | undefined };

export function postgresReplacements(work: Work) {
  return {
    plan: (request: ReplacementRequest): Promise<ReplacementPlan> => planReplacement(work.read, request),

    begin: (
      id: ReplacementId,
      request: ReplacementRequest,
      who: { requestedBy: string; reason: string },
    ): Promise<{ replacement: ReplacementRecord; operationId: OperationId | undefined }> =>
      work.write(async (tx) => {
        const operationId = await beginReplacement(tx, id, request, who);
        return { replacement: await readReplacement(tx, id), operationId };
      }),

    get: (id: ReplacementId): Promise<ReplacementRecord> => readReplacement(work.read, id),

    cancel: (id: ReplacementId, by: string, reason: string): Promise<ReplacementRecord> =>
      work.write(async (tx) => {
        await cancelReplacement(tx, id, by, reason);
        return readReplacement(tx, id);
      }),

    /** Newest first. `serverId`: as the broken one or as its spare. */
    async list({ limit, after }: PageRequest, { serverId, state }: ReplacementFilter): Promise<Page<ReplacementRecord>> {
      const rows = await work.read.query<ReplacementRecord>(
        `${SELECT_REPLACEMENT}
          where ($1::text is null or p.id < $1) and ($2::text is null or $2 in (p.broken_server_id, p.spare_server_id))
            and ($3::text is null or p.state = $3)
          order by p.id desc limit $4`,
        [after, serverId ?? null, state ?? null, limit + 1],
      );
      return pageOf(rows, limit, ({ id }) => id);
    },
  };
}
