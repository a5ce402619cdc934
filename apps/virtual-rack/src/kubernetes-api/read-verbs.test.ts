// A watch whose time is over writes nothing more, whatever is due in the same moment.
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { createObjectStore } from './object-store.ts';
import { watchObjects } from './read-verbs.ts';
import { readPath } from './resources.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a bookmark that is due when the watch ends is not written', () => {
  vi.useFakeTimers();
  const path = readPath('/api/v1/nodes');
  if (!path) throw new Error('no such path');
  const said: string[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    writeHead: () => said.push('head'),
    flushHeaders: () => undefined,
    write: () => said.push('line'),
    end: () => said.push('end'),
    destroy: () => undefined,
  });
  const query = new URLSearchParams({ allowWatchBookmarks: 'true', timeoutSeconds: '240' });
  watchObjects(createObjectStore(), path, query, response as unknown as ServerResponse);
  vi.advanceTimersByTime(3_600_000);
  expect(said.at(-1)).toBe('end');
  expect(said.filter((word) => word === 'end')).toHaveLength(1);
});
