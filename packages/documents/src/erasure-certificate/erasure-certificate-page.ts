// An erase certificate as a page that prints on one sheet: no script, nothing fetched, every value escaped.
import { canonicalJson } from '@rackwright/domain/canonical-json.ts';
import type { ErasureCertificate } from '@rackwright/domain/erasure-certificate.ts';

const METHODS = {
  ata_secure_erase: 'ATA Secure Erase, by the drive itself',
  nvme_sanitize: 'NVMe Sanitize (block erase), by the drive itself',
  nvme_format: 'NVMe Format with secure erase, by the drive itself',
  blkdiscard_zero: 'discard of every block with zeroing',
  overwrite_zero: 'overwrite of every block with zeros',
} as const satisfies Record<NonNullable<ErasureCertificate['erasure']>['method'], string>;

const REMOVED = {
  physically_removed: 'taken out of the server, not erased',
  destroyed: 'physically destroyed, not erased',
} as const satisfies Record<NonNullable<ErasureCertificate['removal']>['method'], string>;

const STYLE =
  'body{font:11pt/1.4 sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#000;background:#fff}' +
  'h1{font-size:18pt;margin-bottom:0}h2{font-size:12pt;margin:1.4em 0 .3em}table{border-collapse:collapse;width:100%}' +
  'th{text-align:left;font-weight:normal;color:#444;width:14em;vertical-align:top}th,td{padding:.15em .5em .15em 0}' +
  'code{overflow-wrap:anywhere;font-size:9pt}@page{margin:2cm}@media print{body{margin:0}}';

/** @param issued  the certificate and the digest that was issued with it */
export function erasureCertificatePage({ certificate, digest }: { certificate: ErasureCertificate; digest: string }): string {
  const { disk, operation, server, recordedAt } = certificate;
  const parts = [
    table('Drive', [
      ['Serial number', disk.serial],
      ['Model', disk.model],
      ['World wide name', disk.wwn],
      ['Kind', disk.kind],
      ['Size', bytes(disk.sizeBytes)],
    ]),
    whatWasDone(certificate),
    table('Done by', [
      ['Requested by', operation.requestedBy],
      ['Reason', operation.reason],
      ['Operation', `${operation.type} ${operation.id}`],
      ['Recorded', recordedAt],
    ]),
    table('In server', [
      ['Name', server.name],
      ['Serial number', server.serial ?? ''],
      ['Asset tag', server.assetTag ?? ''],
      ['Make', `${server.manufacturer} ${server.product}`.trim()],
      ['Id', server.id],
    ]),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Erase certificate ${escape(disk.serial)}</title><style>${STYLE}</style></head>
<body><h1>${certificate.removal ? 'Certificate of a removed drive' : 'Certificate of data erasure'}</h1>
${parts.join('\n')}
<h2>To check this certificate</h2>
<p>The SHA-256 of this text is <code>${escape(digest)}</code>; Rackwright answers the same for this drive and operation.</p>
<p><code>${escape(canonicalJson(certificate))}</code></p>
<h2>Signed</h2><p>Name ______________________ Date ______________ Signature ______________________</p>
</body></html>
`;
}

function whatWasDone({ erasure, removal }: ErasureCertificate): string {
  if (removal) {
    return table('Removal', [
      ['What was done', `${REMOVED[removal.method]} (${removal.method})`],
      ['By', removal.person],
      ['Witness', removal.witness ?? ''],
      ['Evidence', removal.evidence],
      ['When', removal.at],
    ]);
  }
  if (!erasure) return '';
  return table('Erasure', [
    ['Method', `${METHODS[erasure.method]} (${erasure.method})`],
    ['Begun', erasure.startedAt],
    ['Finished', erasure.finishedAt],
    ['Erased', bytes(erasure.sizeBytes)],
    ['Verified by reading again', `${bytes(erasure.checkedBytes)}, all of them zero`],
  ]);
}

function table(title: string, rows: readonly (readonly [name: string, value: string])[]): string {
  const told = rows.filter(([, value]) => value !== '');
  const lines = told.map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`);
  return `<h2>${escape(title)}</h2><table>${lines.join('')}</table>`;
}

/** Decimal gigabytes as on the label of the drive, and the exact number. */
function bytes(count: number): string {
  const exact = `${String(count).replace(/\B(?=(\d{3})+$)/g, ' ')} bytes`;
  return count < 1e9 ? exact : `${(count / 1e9).toFixed(1)} GB (${exact})`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
