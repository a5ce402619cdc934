// Somebody else writes between our read and our write: we read again, decide again, and give up in the end.
import { expect, test } from 'vitest';
import type { ApiAnswer, ApiCall, Connection } from '../http/connection.ts';
import type { NodeObject } from '../http/objects.ts';
import { changeNode } from './change-node.ts';

/** A node that is written to by others just before each of our first `conflicts` writes. */
function busyNode(conflicts: number): { connection: Connection; written: unknown[] } {
  let version = 1;
  const written: unknown[] = [];
  const failure = { status: 409, reason: 'Conflict', message: 'modified', causes: [], retryAfterMs: undefined };
  const connection = {
    find: async () => ({ metadata: { name: 'n1', uid: 'u', resourceVersion: String(version) } }),
    async ask(call: ApiCall): Promise<ApiAnswer<unknown>> {
      if (version <= conflicts) version++;
      const { metadata } = call.body as NodeObject;
      if (metadata.resourceVersion !== String(version)) return { ok: false, failure };
      written.push(call.body);
      return { ok: true, value: {} };
    },
  };
  return { connection: connection as unknown as Connection, written };
}

const seen = (node: NodeObject) => ({ spec: { decidedAt: node.metadata.resourceVersion } });

test('decides again on what is there after a conflict', async () => {
  const { connection, written } = busyNode(2);
  await changeNode(connection, 'n1', 'test', seen);
  expect(written).toEqual([{ metadata: { resourceVersion: '3' }, spec: { decidedAt: '3' } }]);
});

test('after five conflicts the caller may come back soon', async () => {
  const { connection, written } = busyNode(100);
  await expect(changeNode(connection, 'n1', 'test', seen)).rejects.toMatchObject({ code: 'kubernetes_conflict', retry: 'soon' });
  expect(written).toEqual([]);
});

test('writes nothing when nothing is to change', async () => {
  const { connection, written } = busyNode(0);
  await changeNode(connection, 'n1', 'test', () => undefined);
  expect(written).toEqual([]);
});
