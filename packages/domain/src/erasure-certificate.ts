// The certificate of one erased disk: everything that somebody who was not there wants to know, frozen when it was recorded.
import type { ErasureEvidence } from './erasure.ts';
import type { Inspection } from './hardware/inspection.ts';
import type { OperationId, ServerId } from './ids.ts';

export type ErasureCertificate = {
  /** Of this layout: certificates of another one keep theirs. */
  version: 1;
  disk: { serial: string; wwn: string; model: string; kind: string; sizeBytes: number };
  erasure: {
    method: ErasureEvidence['method'];
    startedAt: string;
    finishedAt: string;
    /** How much of the disk the agent saw and erased. */
    sizeBytes: number;
    readBack: 'zero';
    /** How many bytes were read again to verify it. */
    checkedBytes: number;
  };
  operation: { id: OperationId; type: string; requestedBy: string; reason: string };
  server: {
    id: ServerId;
    name: string;
    serial: string | null;
    assetTag: string | null;
    manufacturer: string;
    product: string;
  };
  recordedAt: string;
};

/** Who did it to which machine, as known at that moment. */
export type ErasureSubject = Pick<ErasureCertificate, 'operation' | 'recordedAt'> & {
  server: Omit<ErasureCertificate['server'], 'manufacturer' | 'product'>;
  hardware: Pick<Inspection, 'system' | 'disks'> | null;
};

/** Undefined for evidence that proves nothing: there is no certificate of an attempt. */
export function certifyErasure(evidence: ErasureEvidence, subject: ErasureSubject): ErasureCertificate | undefined {
  const { serial, method, startedAt, finishedAt, sizeBytes, readBack, checkedBytes } = evidence;
  if (readBack !== 'zero' || checkedBytes <= 0) return undefined;
  const { hardware, server, operation, recordedAt } = subject;
  const counted = hardware?.disks.find((disk) => disk.serial === serial);
  return {
    version: 1,
    disk: {
      serial,
      wwn: counted?.wwn ?? '',
      model: counted?.model ?? '',
      kind: counted?.kind ?? '',
      sizeBytes: counted?.sizeBytes ?? sizeBytes,
    },
    erasure: { method, startedAt, finishedAt, sizeBytes, readBack, checkedBytes },
    operation,
    server: { ...server, manufacturer: hardware?.system.manufacturer ?? '', product: hardware?.system.product ?? '' },
    recordedAt,
  };
}
