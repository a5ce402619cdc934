// Whom we believe to be the BMC: an authority's signature, one known certificate, or (said aloud) anybody.
import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { BmcTls } from '@rackwright/domain/bmc.ts';
import { buildConnector } from 'undici';

/** The certificate is not the pinned one. `code` begins like Node's own TLS errors, so that both are seen as one kind. */
export class CertificatePinMismatch extends Error {
  readonly code = 'CERT_PIN_MISMATCH';

  constructor(seen: string) {
    super(`the BMC showed another certificate than the pinned one: SHA-256 ${seen}`);
    this.name = 'CertificatePinMismatch';
  }
}

/** Without `tls` the system's authorities decide: who wants less must say so. Throws when a pin cannot be kept over plain HTTP. */
export function connectorFor(origin: URL, tls: BmcTls | undefined, timeoutMs: number): buildConnector.connector {
  if (origin.protocol === 'http:' && (tls?.mode === 'pin' || tls?.mode === 'ca')) {
    throw new TypeError(`TLS mode ${tls.mode} needs an https:// address`);
  }
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    // A resumed session shows no certificate, and a BMC forgets its sessions anyway.
    maxCachedSessions: 0,
    rejectUnauthorized: tls === undefined || tls.mode === 'ca',
    ...(tls?.mode === 'ca' ? { ca: tls.ca } : {}),
  });
  if (tls?.mode !== 'pin') return connect;

  const pinned = tls.sha256.replaceAll(':', '').toLowerCase();
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      const seen = fingerprint(socket);
      if (seen === pinned) return callback(null, socket);
      // Before the first byte of ours: no credentials for a stranger.
      socket.destroy();
      callback(new CertificatePinMismatch(seen), null);
    });
  };
}

function fingerprint(socket: unknown): string {
  if (!(socket instanceof TLSSocket)) return 'none';
  const { raw } = socket.getPeerCertificate();
  return raw ? createHash('sha256').update(raw).digest('hex') : 'none';
}
