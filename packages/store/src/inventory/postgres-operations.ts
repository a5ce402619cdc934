// Operations as the API begins, shows and cancels them.
import type { Answer } from '@rackwright/domain/answers.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { answerOperation } from '../operations/answer-operation.ts';
import { beginOperation, type BeginOperation } from '../operations/begin-operation.ts';
import { type OperationRecord, readOperation, SELECT_OPERATION } from '../operations/read-operation.ts';
import { requestCancel } from '../operations/signal-operation.ts';
import { type Page, type PageRequest, pageOf, type Work } from './work.ts';

export type OperationFilter = { serverId?: ServerId | undefined; state?: OperationRecord['state'] | undefined };

export function postgresOperations(work: Work) {
  return {
    get: (id: OperationId): Promise<OperationRecord> => readOperation(work.read, id),

    begin: (id: OperationId, request: BeginOperation): Promise<OperationRecord> =>
      work.write(async (tx) => {
        await beginOperation(tx, id, request);
        return readOperation(tx, id);
      }),

    requestCancel: (id: OperationId, by: string, reason: string): Promise<OperationRecord> =>
      work.write(async (tx) => {
        await requestCancel(tx, id, by, reason);
        return readOperation(tx, id);
      }),

    answer: (id: OperationId, answer: Answer, by: string): Promise<OperationRecord> =>
      work.write(async (tx) => {
        await answerOperation(tx, id, answer, by);
        return readOperation(tx, id);
      }),

    /** Newest first: ids sort by time. */
    async list({ limit, after }: PageRequest, { serverId, state }: OperationFilter): Promise<Page<OperationRecord>> {
      const rows = await work.read.query<OperationRecord>(
        `${SELECT_OPERATION}
          where ($1::text is null or o.id < $1) and ($2::text is null or o.server_id = $2) and ($3::text is null or o.state::text = $3)
          order by o.id desc limit $4`,
        [after, serverId ?? null, state ?? null, limit + 1],
      );
      return pageOf(rows, limit, (operation) => operation.id);
    },
  };
}
