// Things named by their id or by a unique key: `srv_01K…`, `name:TPE1-R12-S09`, `serial:7XK2LM3`.
import { Refusal } from '@rackwright/domain/errors.ts';
import { type ClusterId, type Id, type IdKind, isId } from '@rackwright/domain/ids.ts';
import type { Inventory, Page, PageRequest } from '../needs.ts';
import type { ServerRecord } from '../records.ts';

type Named<K extends IdKind, R> = {
  get(id: Id<K>): Promise<R>;
  list(page: PageRequest, filter: { name: string }): Promise<Page<R>>;
};

/** For what has no name. Refusal `not_found` for what is no id of that kind. */
export function idOrRefuse<K extends IdKind>(kind: K, text: string): Id<K> {
  if (!isId(kind, text)) throw new Refusal('not_found', { kind, id: text });
  return text;
}

/** Refusal `not_found` when nothing, or more than one thing, has that name. */
export async function findNamed<K extends IdKind, R>(kind: K, things: Named<K, R>, ref: string): Promise<R> {
  if (isId(kind, ref)) return things.get(ref);
  if (ref.startsWith('name:')) {
    const { items } = await things.list({ limit: 2, after: null }, { name: ref.slice('name:'.length) });
    if (items.length === 1 && items[0]) return items[0];
  }
  throw new Refusal('not_found', { kind, id: ref });
}

export async function findServer({ servers }: Pick<Inventory, 'servers'>, ref: string): Promise<ServerRecord> {
  if (isId('server', ref)) return servers.get(ref);
  if (ref.startsWith('name:')) return servers.find({ name: ref.slice('name:'.length) });
  if (ref.startsWith('serial:')) return servers.find({ serial: ref.slice('serial:'.length) });
  throw new Refusal('not_found', { kind: 'server', id: ref });
}

/** Said now rather than by a failed operation in a minute. */
export async function refuseUnknownReferences(
  within: Pick<Inventory, 'images' | 'clusters'>,
  { imageDigest, clusterId }: { imageDigest?: string | undefined; clusterId?: ClusterId | undefined },
): Promise<void> {
  if (imageDigest !== undefined) {
    const { items } = await within.images.list({ limit: 1, after: null }, { digest: imageDigest });
    if (items.length === 0) throw new Refusal('image_unknown', { imageDigest });
  }
  if (clusterId === undefined) return;
  const cluster = await within.clusters.get(clusterId);
  if (!cluster.hasCredentials) throw new Refusal('cluster_credentials_missing', { cluster: cluster.name });
}
