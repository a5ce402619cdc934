// A SEL record in words: sensor types and events of IPMI 2.0 tables 42-1 to 42-3, as far as people ask for them.
import type { BmcLogEntry } from '@rackwright/domain/bmc.ts';
import type { SelRecord } from '@rackwright/protocols/ipmi/sel-record.ts';

type SensorEvent = Extract<SelRecord, { kind: 'event' }>;
type Severity = BmcLogEntry['severity'];

const THRESHOLD = 0x01;
const SEVERITY_STATES = 0x07;
const SENSOR_SPECIFIC = 0x6f;
/** Times below count from the BMC's start, not from 1970 (§37.1). */
const FIRST_REAL_TIME = 0x2000_0000;
const UNKNOWN_TIME = 0xffff_ffff;

/** Table 42-3, the first column. */
const SENSOR_TYPES: Record<number, string> = {
  1: 'temperature',
  2: 'voltage',
  3: 'current',
  4: 'fan',
  5: 'chassis intrusion',
  6: 'security violation',
  7: 'processor',
  8: 'power supply',
  9: 'power unit',
  11: 'cooling',
  12: 'memory',
  13: 'drive bay',
  15: 'firmware progress',
  16: 'event logging',
  17: 'watchdog',
  18: 'system event',
  19: 'critical interrupt',
  20: 'button',
  29: 'boot initiated',
  32: 'operating system stop',
  33: 'slot',
  34: 'ACPI power state',
  35: 'watchdog',
  40: 'management subsystem',
  43: 'version change',
};

/** Table 42-3 by sensor type: what each offset means and how bad it is while it lasts. */
const SPECIFIC: Record<number, Record<number, readonly [text: string, severity: Severity]>> = {
  7: {
    0: ['internal error', 'critical'],
    1: ['thermal trip', 'critical'],
    5: ['configuration error', 'critical'],
    7: ['present', 'ok'],
  },
  8: { 0: ['present', 'ok'], 1: ['failure', 'critical'], 2: ['predicted failure', 'warning'], 3: ['input lost', 'critical'] },
  9: {
    0: ['power off', 'ok'],
    1: ['power cycle', 'ok'],
    4: ['input lost', 'critical'],
    5: ['soft power control failure', 'critical'],
  },
  12: {
    0: ['correctable error', 'warning'],
    1: ['uncorrectable error', 'critical'],
    5: ['error logging limit reached', 'warning'],
  },
  13: { 0: ['drive present', 'ok'], 1: ['drive fault', 'critical'], 2: ['predicted failure', 'warning'] },
  16: { 2: ['log cleared', 'ok'], 4: ['log full', 'warning'], 5: ['log almost full', 'warning'] },
  19: { 0: ['front panel interrupt', 'critical'], 4: ['PCI parity error', 'critical'], 5: ['PCI system error', 'critical'] },
};

/** Table 42-2, type 1: thresholds. */
const THRESHOLDS = ['lower warning', 'lower warning', 'lower critical', 'lower critical', 'lower fatal', 'lower fatal'];
const UPPER = ['upper warning', 'upper warning', 'upper critical', 'upper critical', 'upper fatal', 'upper fatal'];

/** Table 42-2, type 7: severity states. */
const STATES: readonly (readonly [string, Severity])[] = [
  ['went to OK', 'ok'],
  ['went to non-critical', 'warning'],
  ['went to critical', 'critical'],
  ['went to fatal', 'critical'],
  ['came back to non-critical', 'warning'],
  ['came back to critical', 'critical'],
  ['fatal', 'critical'],
  ['monitored', 'ok'],
  ['informational', 'ok'],
];

export function describeRecord(record: SelRecord): BmcLogEntry {
  const id = String(record.id);
  switch (record.kind) {
    case 'event':
      return { id, at: isoTime(record.time), ...describeEvent(record) };
    case 'vendor': {
      const message = `vendor record ${hex([record.type])} of maker ${record.manufacturer}: ${hex(record.bytes)}`;
      return { id, at: isoTime(record.time), severity: 'ok', message };
    }
    default:
      return { id, at: null, severity: 'ok', message: `vendor record ${hex([record.type])}: ${hex(record.bytes)}` };
  }
}

function describeEvent(event: SensorEvent): { severity: Severity; message: string } {
  const sensor = `${SENSOR_TYPES[event.sensorType] ?? `sensor type ${event.sensorType}`} ${event.sensor}`;
  const [text, severity] = meaning(event);
  // What went away is good news, whatever it was.
  return { severity: event.deasserted ? 'ok' : severity, message: `${sensor}: ${text}${event.deasserted ? ', ended' : ''}` };
}

function meaning(event: SensorEvent): readonly [text: string, severity: Severity] {
  const offset = (event.eventBytes[0] ?? 0) & 0x0f;
  const unnamed = [`event ${hex([event.eventType])} ${hex(event.eventBytes)}`, 'warning'] as const;
  if (event.eventType === THRESHOLD) {
    const text = [...THRESHOLDS, ...UPPER][offset];
    return text ? [text, text.endsWith('warning') ? 'warning' : 'critical'] : unnamed;
  }
  if (event.eventType === SEVERITY_STATES) return STATES[offset] ?? unnamed;
  if (event.eventType === SENSOR_SPECIFIC) return SPECIFIC[event.sensorType]?.[offset] ?? unnamed;
  return unnamed;
}

function isoTime(seconds: number): string | null {
  if (seconds < FIRST_REAL_TIME || seconds === UNKNOWN_TIME) return null;
  return new Date(seconds * 1_000).toISOString();
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
