// Create, replace, patch and delete in the simulated API server, with Kubernetes' conflicts and preconditions.
import { randomUUID } from 'node:crypto';
import { alreadyExists, ApiRefusal, badRequest, conflict, invalid, notFound, SUCCESS } from './answers.ts';
import type { Identity } from './identities.ts';
import { isObject, mergePatch } from './merge-patch.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import { type ApiPath, collectionOf, groupVersionOf } from './resources.ts';

/** Parts that only a subresource's path may write. */
const STATUS_PARTS: Record<string, string> = { status: 'status', approval: 'status' };
const DNS_NAME = /^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$/;

export interface WriteVerbs {
  create(path: ApiPath, body: unknown, who: Identity): StoredObject;
  patch(path: ApiPath, body: unknown): StoredObject;
  replace(path: ApiPath, body: unknown): StoredObject;
  remove(path: ApiPath, options: unknown): object;
}

export function writeVerbs(store: ObjectStore, now: () => Date): WriteVerbs {
  function present(path: ApiPath): StoredObject {
    const found = store.get(collectionOf(path.resource), path.namespace, path.name ?? '');
    if (!found) throw notFound(`${path.resource.plural} "${path.name}"`);
    return found;
  }

  function write(path: ApiPath, before: StoredObject, wanted: unknown): StoredObject {
    const { metadata } = before;
    const asked = isObject(wanted) && isObject(wanted.metadata) ? wanted.metadata : {};
    if (asked.resourceVersion !== undefined && asked.resourceVersion !== metadata.resourceVersion) {
      throw conflict(`${path.resource.plural} "${metadata.name}"`, 'the object has been modified');
    }
    const part = path.subresource === undefined ? undefined : STATUS_PARTS[path.subresource];
    if (part !== undefined)
      return store.put(collectionOf(path.resource), { ...before, [part]: (wanted as StoredObject)[part] ?? {} });
    const { name, namespace, uid, creationTimestamp } = metadata;
    const fixed = { name, uid, ...(namespace ? { namespace } : {}), ...(creationTimestamp ? { creationTimestamp } : {}) };
    const kept = path.resource.subresources.includes('status') ? { status: before.status } : {};
    const after = { ...(wanted as StoredObject), ...kindOf(path), metadata: { ...asked, ...fixed }, ...kept };
    return store.put(collectionOf(path.resource), foldStringData(after as unknown as StoredObject));
  }

  return {
    create(path, body, who) {
      if (!isObject(body) || !isObject(body.metadata)) throw badRequest('the body is no object with metadata');
      const { generateName, ...asked } = body.metadata;
      const name = asked.name ?? (typeof generateName === 'string' ? generateName + randomUUID().slice(0, 8) : undefined);
      if (typeof name !== 'string' || !DNS_NAME.test(name)) throw invalid('metadata.name is missing or no DNS name');
      const { namespace, resource } = path;
      if (namespace !== undefined && !store.get('/namespaces', undefined, namespace)) throw notFound(`namespaces "${namespace}"`);
      if (store.get(collectionOf(resource), namespace, name)) throw alreadyExists(`${resource.plural} "${name}"`);
      const given = { uid: randomUUID(), creationTimestamp: now().toISOString(), resourceVersion: '' };
      const metadata = { ...asked, name, ...(namespace ? { namespace } : {}), ...given };
      const object = { ...body, ...kindOf(path), metadata } as StoredObject;
      return store.put(collectionOf(resource), foldStringData(withDefaults(path, object, who)));
    },

    patch(path, body) {
      const before = present(path);
      if (!isObject(body)) throw badRequest('a merge patch is an object');
      const asked = isObject(body.metadata) ? body.metadata.resourceVersion : undefined;
      const merged = mergePatch(before, body) as StoredObject;
      const metadata = { ...merged.metadata, resourceVersion: asked ?? before.metadata.resourceVersion };
      return write(path, before, { ...merged, metadata });
    },

    replace: (path, body) => write(path, present(path), body),

    remove(path, options) {
      const object = present(path);
      const wanted = isObject(options) ? options : {};
      refuseAnotherUid(path, object, wanted.preconditions);
      const grace = path.resource.plural === 'pods' ? graceOf(object, wanted.gracePeriodSeconds) : 0;
      if (grace === 0) store.remove(collectionOf(path.resource), object);
      else if (!object.metadata.deletionTimestamp) store.put(collectionOf(path.resource), leaving(object, grace, now()));
      return SUCCESS;
    },
  };
}

/** meta.k8s.io/v1 Preconditions: a deletion that means one very object, and no later one of its name. */
function refuseAnotherUid(path: ApiPath, { metadata }: StoredObject, preconditions: unknown): void {
  const uid = isObject(preconditions) ? preconditions.uid : undefined;
  if (uid === undefined || uid === metadata.uid) return;
  throw conflict(`${path.resource.plural} "${path.name}"`, `the UID in the precondition (${JSON.stringify(uid)}) does not match`);
}

function kindOf({ resource }: ApiPath): { apiVersion: string; kind: string } {
  return { apiVersion: groupVersionOf(resource), kind: resource.kind };
}

/** What Kubernetes fills in by itself, as far as somebody looks at it. */
function withDefaults(path: ApiPath, object: StoredObject, who: Identity): StoredObject {
  switch (path.resource.plural) {
    case 'pods':
      return { ...object, spec: { terminationGracePeriodSeconds: 30, ...(object.spec as object) }, status: { phase: 'Pending' } };
    case 'certificatesigningrequests':
      // Who asked is the server's to write: nobody can ask in another's name.
      return { ...object, spec: { ...(object.spec as object), username: who.username, groups: who.groups }, status: {} };
    default:
      return object;
  }
}

/** Secrets: `stringData` is written and never read. */
function foldStringData(object: StoredObject): StoredObject {
  if (!isObject(object.stringData)) return object;
  const { stringData, ...rest } = object;
  const encoded = Object.entries(stringData as Record<string, string>).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  return { ...rest, data: { ...(rest.data as object), ...Object.fromEntries(encoded) } };
}

/** Pods on a node go in their own time; those on none, or finished, at once. */
function graceOf(pod: StoredObject, asked: unknown): number {
  const spec = pod.spec as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const phase = (pod.status as { phase?: string } | undefined)?.phase;
  if (!spec.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  const grace = typeof asked === 'number' ? asked : (spec.terminationGracePeriodSeconds ?? 30);
  if (grace < 0) throw new ApiRefusal(422, 'Invalid', 'gracePeriodSeconds must not be negative');
  return grace;
}

function leaving(pod: StoredObject, grace: number, at: Date): StoredObject {
  const deletionTimestamp = new Date(at.getTime() + grace * 1000).toISOString();
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace } };
}
