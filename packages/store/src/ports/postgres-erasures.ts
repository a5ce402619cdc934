// The proof that disks were erased, kept as long as the server's record, each with its certificate as it was issued.
import { createHash } from 'node:crypto';
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import type { DiskProof } from '@rackwright/domain/erasure.ts';
import { certifyErasure, type ErasureCertificate, type ErasureSubject } from '@rackwright/domain/erasure-certificate.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Erasures } from '@rackwright/workflows/ports.ts';
import type { Database, Sql } from '../database.ts';
import { readRemovals } from '../inventory/disk-removals.ts';
import { inTransaction } from '../transaction.ts';

export function postgresErasures(database: Database): Erasures {
  return {
    removals: (serverId) => readRemovals(database, serverId),

    record: (serverId, operationId, evidence) =>
      inTransaction(database, async (tx) => {
        const subject = await readSubject(tx, serverId, operationId);
        const onePerDisk = [...new Map(evidence.map((one) => [one.serial, one])).values()];
        const rows = onePerDisk.map((one) => ({ evidence: one, ...certified(one, subject) }));
        const recorded = await tx.query<{ serial: string; digest: string | null }>(RECORD, [
          operationId,
          serverId,
          JSON.stringify(rows),
        ]);
        for (const { serial, digest } of recorded) {
          tx.emit({
            kind: 'server.disk_erased',
            subject: { kind: 'server', id: serverId },
            serverId,
            operationId,
            payload: { serial, digest, proven: digest !== null },
          });
        }
      }),
  };
}

/** `sha256-` and the digest of the canonical JSON (RFC 8785): what whoever holds a copy compares. */
export function certificateDigest(certificate: ErasureCertificate): string {
  return `sha256-${createHash('sha256').update(canonicalJson(certificate)).digest('hex')}`;
}

// The same evidence told again keeps the certificate that was issued for it.
const RECORD = `
  insert into erasures as e (operation_id, disk_serial, server_id, evidence, certificate, digest, recorded_at)
  select $1, r->'evidence'->>'serial', $2, r->'evidence', nullif(r->'certificate', 'null'), r->>'digest', clock_timestamp()
    from jsonb_array_elements($3::jsonb) r
  on conflict (operation_id, disk_serial) do update
    set evidence = excluded.evidence, certificate = excluded.certificate, digest = excluded.digest, recorded_at = excluded.recorded_at
    where e.evidence is distinct from excluded.evidence
  returning disk_serial as serial, digest`;

function certified(
  evidence: DiskProof,
  subject: ErasureSubject | undefined,
): { certificate: ErasureCertificate | null; digest: string | null } {
  const certificate = subject && certifyErasure(evidence, subject);
  return certificate ? { certificate, digest: certificateDigest(certificate) } : { certificate: null, digest: null };
}

/** Undefined when no such operation is on file: then nobody could say who did it. */
async function readSubject(sql: Sql, serverId: ServerId, operationId: OperationId): Promise<ErasureSubject | undefined> {
  const [subject] = await sql.query<ErasureSubject>(
    `select jsonb_build_object('id', o.id, 'type', o.type, 'requestedBy', o.requested_by, 'reason', o.reason) as operation,
            jsonb_build_object('id', s.id, 'name', s.name, 'serial', s.serial, 'assetTag', s.asset_tag) as server,
            h.inspection as hardware, clock_timestamp() as "recordedAt"
       from servers s
       join operations o on o.server_id = s.id and o.id = $2
       left join accepted_hardware h on h.server_id = s.id
      where s.id = $1`,
    [serverId, operationId],
  );
  return subject;
}
