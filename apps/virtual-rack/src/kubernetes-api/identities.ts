// Who is asking? An administrator's token, a bootstrap token kept as a Secret, or a node by the certificate it was issued.
import type { ObjectStore, StoredObject } from './object-store.ts';

export type Identity = { username: string; groups: string[] };

export const ANONYMOUS: Identity = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface Identities {
  /** Undefined: a token nobody knows (401). No token at all is anonymous. */
  of(headers: Record<string, string | string[] | undefined>): Identity | undefined;
  /** From now on whoever shows this certificate is that node. There is no TLS here: it is shown as bearer token. */
  issue(certificate: string, identity: Identity): void;
}

const MAX_CERTIFICATES = 20_000;

export function createIdentities(store: ObjectStore, adminToken: string, now: () => Date): Identities {
  const certificates = new Map<string, Identity>();

  function byToken(token: string): Identity | undefined {
    if (token === adminToken) return { username: 'admin', groups: ['system:masters', 'system:authenticated'] };
    if (/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) return byBootstrapToken(token);
    return certificates.get(token);
  }

  function byBootstrapToken(token: string): Identity | undefined {
    const [id = '', secret = ''] = token.split('.');
    const stored = store.get('/secrets', 'kube-system', `bootstrap-token-${id}`);
    if (!stored || stored.type !== 'bootstrap.kubernetes.io/token') return undefined;
    if (fieldOf(stored, 'token-id') !== id || fieldOf(stored, 'token-secret') !== secret) return undefined;
    if (fieldOf(stored, 'usage-bootstrap-authentication') !== 'true' || isExpired(stored, now())) return undefined;
    const extra = fieldOf(stored, 'auth-extra-groups').split(',').filter(Boolean);
    return { username: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...extra, 'system:authenticated'] };
  }

  return {
    of(headers) {
      const token = /^Bearer (.+)$/.exec(String(headers.authorization ?? ''))?.[1];
      if (token === undefined) return ANONYMOUS;
      const identity = byToken(token);
      const asked = headers['impersonate-user'];
      if (!identity?.groups.includes('system:masters') || typeof asked !== 'string') return identity;
      const groups = String(headers['impersonate-group'] ?? '')
        .split(',')
        .map((group) => group.trim());
      return { username: asked, groups: [...groups.filter(Boolean), 'system:authenticated'] };
    },
    issue(certificate, identity) {
      certificates.set(certificate, identity);
      const oldest = certificates.keys().next().value;
      if (certificates.size > MAX_CERTIFICATES && oldest !== undefined) certificates.delete(oldest);
    },
  };
}

export function isExpired(secret: StoredObject, at: Date): boolean {
  const expiration = fieldOf(secret, 'expiration');
  return expiration !== '' && !(Date.parse(expiration) > at.getTime());
}

function fieldOf(secret: StoredObject, name: string): string {
  const encoded = (secret.data as Record<string, string> | undefined)?.[name];
  return encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
}
