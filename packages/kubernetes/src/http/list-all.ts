// Lists a collection page by page, so that five thousand nodes never arrive in one answer.
import { failureFault, nonsenseFault } from './faults.ts';
import type { Connection } from './connection.ts';
import type { KubeList } from './objects.ts';

const PAGE = 500;
/** 200 pages are 100,000 objects, beyond any cluster within the official limits (150,000 pods are asked for by node). */
const MAX_PAGES = 200;

export type Listed<R> = { items: R[]; resourceVersion: string };

/** `keep` picks what we need of each object, page by page, so that the rest can be forgotten at once. */
export async function listAll<T, R>(
  connection: Connection,
  path: string,
  selectors: Record<string, string>,
  doing: string,
  keep: (object: T) => R,
): Promise<Listed<R>> {
  for (let attempt = 1; ; attempt++) {
    const listed = await listOnce(connection, path, selectors, doing, keep);
    if (listed) return listed;
    // The server compacted the snapshot our pages came from (410): begin again, but not for ever.
    if (attempt === 3) throw nonsenseFault(doing, 'the list expired three times before its last page');
  }
}

async function listOnce<T, R>(
  connection: Connection,
  path: string,
  selectors: Record<string, string>,
  doing: string,
  keep: (object: T) => R,
): Promise<Listed<R> | undefined> {
  const items: R[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { ...selectors, limit: PAGE, ...(next ? { continue: next } : {}) };
    const answer = await connection.ask<KubeList<T>>({ method: 'GET', path, query, doing, deadlineMs: 30_000 });
    if (!answer.ok && answer.failure.status === 410) return undefined;
    if (!answer.ok) throw failureFault(answer.failure, doing);
    for (const object of answer.value.items ?? []) items.push(keep(object));
    next = answer.value.metadata?.continue;
    if (!next) return { items, resourceVersion: answer.value.metadata?.resourceVersion ?? '' };
  }
  throw nonsenseFault(doing, `the list has more than ${MAX_PAGES * PAGE} objects`);
}
