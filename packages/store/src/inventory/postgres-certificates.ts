// Erase certificates as they were issued: one disk's newest, and all of a stretch of time in the order of their issue.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ErasureCertificate } from '@rackwright/domain/erasure-certificate.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { certificateDigest } from '../ports/postgres-erasures.ts';

export type IssuedCertificate = { certificate: ErasureCertificate; digest: string };

const PAGE = 500;

export function postgresCertificates(sql: Sql) {
  return {
    /**
     * Of this disk's newest erasure, or of the one by this operation. Refusals `not_found`, `erasure_not_proven` (the newest one failed:
     * an older certificate says nothing of the disk any more); Fault `certificate_damaged` (never).
     */
    async get(serial: string, operationId?: OperationId): Promise<IssuedCertificate> {
      const [row] = await sql.query<{ certificate: ErasureCertificate | null; digest: string | null }>(
        `select certificate, digest from erasures
          where disk_serial = $1 and ($2::text is null or operation_id = $2) order by recorded_at desc, operation_id desc limit 1`,
        [serial, operationId ?? null],
      );
      if (!row) throw new Refusal('not_found', { kind: 'erasure certificate', id: serial });
      const { certificate, digest } = row;
      if (certificate === null || digest === null) throw new Refusal('erasure_not_proven', { serial });
      if (certificateDigest(certificate) !== digest)
        throw new Fault({
          code: 'certificate_damaged',
          doing: `read the certificate of ${serial}`,
          retry: 'never',
          facts: { serial },
        });
      return { certificate, digest };
    },

    /** Issued at `from` or later and before `to` (RFC 3339), oldest first, read a page at a time. */
    async *issuedBetween(from: string, to: string): AsyncGenerator<IssuedCertificate> {
      let after = { at: from, key: '' };
      for (;;) {
        const rows = await sql.query<IssuedCertificate & { at: string; key: string }>(
          `select certificate, digest, recorded_at as at, operation_id || ' ' || disk_serial as key from erasures
            where certificate is not null and recorded_at >= $1 and recorded_at < $2
              and (recorded_at, operation_id || ' ' || disk_serial) > ($1::timestamptz, $3)
            order by recorded_at, operation_id || ' ' || disk_serial limit ${PAGE}`,
          [after.at, to, after.key],
        );
        for (const { certificate, digest } of rows) yield { certificate, digest };
        const last = rows.at(-1);
        if (!last || rows.length < PAGE) return;
        after = { at: last.at, key: last.key };
      }
    },
  };
}
