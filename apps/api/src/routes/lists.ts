// Pages: tokens in, tokens out, and the cursor from which to watch for changes of what was listed.
import { sayCursor } from '@rackwright/api-contract/resources/event.ts';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import type { Page, PageRequest } from '../needs.ts';
import type { RouteContext } from './context.ts';

export type PageAnswer<V> = { items: V[]; nextPageToken?: string; eventCursor: string };

/** @param list  name and filter of the list: a token is good for the same ones only. */
export async function answerPage<R, V>(
  { pageTokens, feed }: Pick<RouteContext, 'pageTokens' | 'feed'>,
  query: { limit: number; pageToken?: string | undefined },
  list: Record<string, unknown>,
  read: (page: PageRequest) => Promise<Page<R>>,
  view: (record: R) => V,
): Promise<PageAnswer<V>> {
  const bound = canonicalJson(list);
  const after = query.pageToken === undefined ? null : pageTokens.read(query.pageToken, bound);
  // Taken before the list is read: what changes meanwhile is told again rather than missed.
  const eventCursor = sayCursor(feed.position());
  const { items, next } = await read({ limit: query.limit, after });
  const nextPageToken = next === null ? {} : { nextPageToken: pageTokens.make(next, bound) };
  return { items: items.map(view), ...nextPageToken, eventCursor };
}
