// The labels by which Kubernetes knows where a node stands.
import type { Server } from '@rackwright/domain/server.ts';

/** Given by the kubelet itself at its first registration, so that we know our own Node before we labelled it. */
export const SERVER_ID_LABEL = 'rackwright.dev/server-id';

/** `topology.kubernetes.io/*` is the field's own vocabulary; ours say what it has no word for. */
export function nodeLabels(server: Server, extra: Record<string, string> = {}): Record<string, string> {
  const { siteName, rackName, powerFeeds } = server.location;
  return {
    ...extra,
    'topology.kubernetes.io/region': labelValue(siteName),
    ...(rackName === null
      ? {}
      : { 'topology.kubernetes.io/zone': labelValue(rackName), 'rackwright.dev/rack': labelValue(rackName) }),
    ...(powerFeeds[0] === undefined ? {} : { 'rackwright.dev/power-feed': labelValue(powerFeeds.join('.')) }),
    [SERVER_ID_LABEL]: server.id,
  };
}

/** Label values: at most 63 of [A-Za-z0-9._-], beginning and ending with a letter or digit. */
function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
