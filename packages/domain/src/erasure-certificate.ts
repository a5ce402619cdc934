// The certificate of one erased disk: everything that somebody who was not there wants to know, frozen when it was recorded.
import { type DiskProof, type ErasureEvidence, isProof, isRemoval, type RemovalEvidence } from './erasure.ts';
import type { Inspection } from './hardware/inspection.ts';
import type { OperationId, ServerId } from './ids.ts';

export type ErasureCertificate = {
  /** Of this layout: certificates of another one keep theirs. */
  version: 1;
  disk: { serial: string; wwn: string; model: string; kind: string; sizeBytes: number };
  /** Of a disk that was erased; one that was taken out or destroyed has `removal` instead. */
  erasure?: {
    method: ErasureEvidence['method'];
    startedAt: string;
    finishedAt: string;
    /** How much of the disk the agent saw and erased. */
    sizeBytes: number;
    readBack: 'zero';
    /** How many bytes were read again to verify it. */
    checkedBytes: number;
  };
  removal?: Omit<RemovalEvidence, 'serial'>;
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
export function certifyErasure(proof: DiskProof, subject: ErasureSubject): ErasureCertificate | undefined {
  if (!isProof(proof)) return undefined;
  const { serial } = proof;
  const { hardware, server, operation, recordedAt } = subject;
  const counted = hardware?.disks.find((disk) => disk.serial === serial);
  return {
    version: 1,
    disk: {
      serial,
      wwn: counted?.wwn ?? '',
      model: counted?.model ?? '',
      kind: counted?.kind ?? '',
      sizeBytes: counted?.sizeBytes ?? (isRemoval(proof) ? 0 : proof.sizeBytes),
    },
    ...whatWasDone(proof),
    operation,
    server: { ...server, manufacturer: hardware?.system.manufacturer ?? '', product: hardware?.system.product ?? '' },
    recordedAt,
  };
}

function whatWasDone(proof: DiskProof): Pick<ErasureCertificate, 'erasure' | 'removal'> {
  if (isRemoval(proof)) {
    const { method, person, witness, evidence, at } = proof;
    return { removal: { method, person, witness, evidence, at } };
  }
  const { method, startedAt, finishedAt, sizeBytes, checkedBytes } = proof;
  return { erasure: { method, startedAt, finishedAt, sizeBytes, readBack: 'zero', checkedBytes } };
}
