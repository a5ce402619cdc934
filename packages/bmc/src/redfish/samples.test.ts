// Every sample of a vendor's documents becomes the hardware that stands beside it. A new sample is a new file, no new code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BmcHardware, BootOverride, PowerState } from '@rackwright/domain/bmc.ts';
import { describe, expect, test } from 'vitest';
import { bootOverrideFrom, bootWords } from './parse-boot.ts';
import type { HardwareDocuments } from './parse-hardware.ts';
import { parseHardware, vendorOf } from './parse-hardware.ts';
import { powerStateOf } from './power.ts';
import type { ProductMarks } from './quirks.ts';
import { quirksFor } from './quirks.ts';

type Sample = {
  what: string;
  from: string;
  marks: ProductMarks;
  documents: HardwareDocuments;
  power: PowerState;
  bootOverride: BootOverride;
  hardware: BmcHardware;
};

const FOLDER = join(import.meta.dirname, '../../samples');
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

test('there are samples', () => expect(files.length).toBeGreaterThanOrEqual(4));

describe.each(files.toSorted())('%s', (file) => {
  const sample: Sample = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
  const { documents } = sample;

  test('says what it is and where it is from', () => {
    expect([sample.what, sample.from]).toEqual([expect.stringMatching(/\w{3}/), expect.stringMatching(/\w{3}/)]);
    expect(vendorOf(documents.root, documents.system).toLowerCase()).toBe(sample.marks.vendor.toLowerCase());
  });
  test('hardware', () => expect(parseHardware(documents, quirksFor(sample.marks))).toEqual(sample.hardware));
  test('power', () => expect(powerStateOf(documents.system)).toBe(sample.power));
  test('boot override', () => expect(bootOverrideFrom(bootWords(documents.system))).toEqual(sample.bootOverride));
});
