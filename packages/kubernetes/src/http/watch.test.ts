// What comes from something else than an API server breaks a watch, and the watch goes on.
import { expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import type { KubeObject } from './objects.ts';
import { watchCollection, type Watched } from './watch.ts';

test('a line that is no event breaks the watch, which goes on where it was', async () => {
  const answers = ['{"type":"ADDED"}\n', '{"type":"ADDED","object":{"metadata":{"name":"n","resourceVersion":"6"}}}\n'];
  const asked: unknown[] = [];
  const connection = {
    ask: async () => ({ ok: true, value: { items: [], metadata: { resourceVersion: '5' } } }),
    async stream(_path: string, query: Record<string, unknown>) {
      asked.push(query['resourceVersion']);
      return [Buffer.from(answers.shift() ?? '')];
    },
  } as unknown as Connection;
  const stopping = new AbortController();
  const seen: Watched<KubeObject>[] = [];
  const onEvent = (event: Watched<KubeObject>): void => {
    seen.push(event);
    if (event.kind === 'changed') stopping.abort();
  };
  await watchCollection<KubeObject>({ connection, path: '/api/v1/nodes', doing: 'watch', onEvent, signal: stopping.signal });
  expect(seen.map(({ kind }) => kind)).toEqual(['listed', 'changed']);
  expect(asked.slice(0, 2)).toEqual(['5', '5']);
});
