// Typed ids: a prefix that says what it names, then a UUIDv7 in Crockford's base 32, so that ids sort by time.

export const ID_PREFIXES = {
  site: 'site',
  rack: 'rck',
  enclosure: 'enc',
  server: 'srv',
  network: 'net',
  image: 'img',
  cluster: 'cls',
  operation: 'op',
  ticket: 'tkt',
  instruction: 'ins',
  event: 'evt',
  webhook: 'whk',
  webhook_secret: 'whs',
  delivery: 'dlv',
  hardware_model: 'hwm',
  incident: 'inc',
  cold_start: 'cst',
  schedule: 'sch',
  schedule_run: 'run',
  work_order: 'wo',
  plan: 'pln',
  bulk_operation: 'blk',
  replacement: 'rpl',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
export type Id<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`;

export type SiteId = Id<'site'>;
export type RackId = Id<'rack'>;
export type EnclosureId = Id<'enclosure'>;
export type ServerId = Id<'server'>;
export type NetworkId = Id<'network'>;
export type ImageId = Id<'image'>;
export type ClusterId = Id<'cluster'>;
export type OperationId = Id<'operation'>;
export type TicketId = Id<'ticket'>;
export type HardwareModelId = Id<'hardware_model'>;
export type IncidentId = Id<'incident'>;
export type ColdStartId = Id<'cold_start'>;
export type WorkOrderId = Id<'work_order'>;
export type ReplacementId = Id<'replacement'>;
export type InstructionId = Id<'instruction'>;
export type WebhookId = Id<'webhook'>;
export type WebhookSecretId = Id<'webhook_secret'>;
export type DeliveryId = Id<'delivery'>;
export type ScheduleId = Id<'schedule'>;
export type ScheduleRunId = Id<'schedule_run'>;
export type PlanId = Id<'plan'>;
export type BulkOperationId = Id<'bulk_operation'>;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * @param millis  milliseconds since the epoch (48 bits are used, RFC 9562 section 5.7)
 * @param random  at least 10 random bytes
 */
export function makeId<K extends IdKind>(kind: K, millis: number, random: Uint8Array): Id<K> {
  const bytes = new Uint8Array(16);
  let rest = millis;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${ID_PREFIXES[kind]}_${crockford(bytes)}` as Id<K>;
}

export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${ID_PREFIXES[kind]}_`;
  return text.startsWith(prefix) && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(text.slice(prefix.length));
}

function crockford(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = ALPHABET[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}
