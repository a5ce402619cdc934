// Choosing a spare: nobody is forgotten, nothing worse is chosen, and the nearest that fits wins.
import { expect, test } from 'vitest';
import { type Candidate, chooseSpare, type Placed } from './choose-spare.ts';
import { hardwareShortfall, type SpareDisk, type SpareHardware } from './hardware-shortfall.ts';

const ssd = (sizeBytes: number): SpareDisk => ({ sizeBytes, rotational: false });
const hdd = (sizeBytes: number): SpareDisk => ({ sizeBytes, rotational: true });
const hardware = (change: Partial<SpareHardware> = {}): SpareHardware => ({
  product: 'R640',
  architecture: 'x86_64',
  cores: 32,
  memoryBytes: 64e9,
  disks: [ssd(480), hdd(8_000)],
  ...change,
});
const broken: Placed = {
  id: 'srv_broken',
  name: 'r1-u01',
  siteId: 'site_1',
  rackId: 'rck_1',
  rackName: 'R1',
  powerFeeds: ['A', 'B'],
  switches: ['tor-1', 'tor-2'],
  networkId: 'net_1',
  firmwareMode: 'uefi',
  hardware: hardware(),
};
const spare = (name: string, change: Partial<Candidate> = {}): Candidate => ({
  ...broken,
  id: `srv_${name}`,
  name,
  missing: [],
  ...change,
});
const elsewhere = { rackId: 'rck_2', rackName: 'R2', switches: ['tor-3'] } as const;

test('the same rack wins over the same model, and each other one is told why not', () => {
  const { chosen, passedOver } = chooseSpare(broken, [
    spare('far-same-model', elsewhere),
    spare('near-larger', { hardware: hardware({ product: 'R740', memoryBytes: 128e9 }) }),
    spare('near-larger-still', { hardware: hardware({ product: 'R740', memoryBytes: 256e9 }) }),
  ]);
  expect(chosen).toMatchObject({ name: 'near-larger', facts: { sameRack: true, sameModel: false, sharedFeedsAndSwitches: 4 } });
  expect(passedOver.map(({ name, reason }) => [name, reason])).toEqual([
    ['near-larger-still', 'more_than_needed'],
    ['far-same-model', 'other_failure_domain'],
  ]);
});

test('outside of the rack: one behind the same switch, then the same model, then the same network', () => {
  const other = { product: 'R740' };
  const chain = [
    spare('switch', { ...elsewhere, switches: ['tor-1'], hardware: hardware(other) }),
    spare('model', elsewhere),
    spare('network', { ...elsewhere, hardware: hardware(other) }),
    spare('any', { ...elsewhere, hardware: hardware(other), networkId: 'net_2' }),
  ];
  for (let from = 0; from < chain.length; from++)
    expect(chooseSpare(broken, chain.slice(from)).chosen?.name).toBe(chain[from]?.name);
});

test.each([
  ['other_site', { siteId: 'site_2' }],
  ['cannot_begin', { missing: ['bmc_missing'] }],
  ['hardware_not_accepted', { hardware: null }],
  ['other_firmware_mode', { firmwareMode: 'bios' }],
  ['other_architecture', { hardware: hardware({ architecture: 'aarch64' }) }],
  ['hardware_too_small', { hardware: hardware({ cores: 16 }) }],
  ['hardware_too_small', { hardware: hardware({ memoryBytes: 48e9 }) }],
  ['hardware_too_small', { hardware: hardware({ disks: [hdd(480), hdd(8_000)] }) }],
  ['hardware_too_small', { hardware: hardware({ disks: [ssd(480)] }) }],
  ['the_broken_one', { id: broken.id }],
] as [string, Partial<Candidate>][])('never one for which %s', (reason, change) => {
  const { chosen, passedOver } = chooseSpare(broken, [spare('bad', change)]);
  expect(chosen).toBeNull();
  expect(passedOver).toMatchObject([{ name: 'bad', reason }]);
});

/** Mulberry32. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const pick = <T>(random: (below: number) => number, from: readonly T[]): T => from[random(from.length)] as T;
const someDisks = (random: (below: number) => number): SpareDisk[] =>
  Array.from({ length: random(4) }, () => pick(random, [ssd, hdd])(pick(random, [100, 200, 400])));

function someCandidate(random: (below: number) => number, n: number): Candidate {
  return spare(`s${n}`, {
    siteId: pick(random, ['site_1', 'site_1', 'site_1', 'site_2'] as const),
    rackId: pick(random, ['rck_1', 'rck_2', null] as const),
    switches: pick(random, [['tor-1'], ['tor-1', 'tor-2'], ['tor-3'], []]),
    networkId: pick(random, ['net_1', 'net_2'] as const),
    firmwareMode: pick(random, ['uefi', 'uefi', 'bios'] as const),
    missing: pick(random, [[], [], ['bmc_missing']]),
    hardware: pick(random, [
      null,
      hardware({ disks: someDisks(random), product: pick(random, ['R640', 'R740']), cores: pick(random, [16, 32, 64]) }),
    ]),
  });
}

/** Every way to give each needed disk one of its own. */
function canServe([first, ...rest]: readonly SpareDisk[], has: readonly SpareDisk[]): boolean {
  if (!first) return true;
  return has.some(
    (disk, at) =>
      disk.sizeBytes >= first.sizeBytes * 0.95 && (first.rotational || !disk.rotational) && canServe(rest, has.toSpliced(at, 1)),
  );
}

test('property: disks are found to fit exactly when there is a way to fit them', () => {
  const random = seeded(3);
  for (let run = 0; run < 3_000; run++) {
    const [needed, has] = [someDisks(random), someDisks(random)];
    const short = hardwareShortfall(hardware({ disks: needed }), hardware({ disks: has }));
    expect(short === undefined, JSON.stringify({ needed, has })).toBe(canServe(needed, has));
  }
});

test('property: each is chosen or passed over once, the chosen one fits, and no fit one is nearer or left unnamed', () => {
  const random = seeded(7);
  let chosenEver = 0;
  for (let run = 0; run < 1_000; run++) {
    const subject = { ...broken, hardware: hardware({ disks: someDisks(random) }) };
    const candidates = Array.from({ length: random(8) }, (_, n) => someCandidate(random, n));
    const choice = chooseSpare(subject, candidates);
    expect(chooseSpare(subject, candidates.toReversed())).toEqual(choice);
    const told = [...choice.passedOver, ...(choice.chosen ? [choice.chosen] : [])].map(({ id }) => id);
    expect(told.sort()).toEqual(candidates.map(({ id }) => id).sort());
    const fits = (one: Candidate): boolean =>
      one.siteId === 'site_1' &&
      one.missing.length === 0 &&
      one.firmwareMode === 'uefi' &&
      one.hardware !== null &&
      hardwareShortfall(subject.hardware, one.hardware) === undefined;
    const fit = candidates.filter(fits);
    const chosen = candidates.find(({ id }) => id === choice.chosen?.id);
    expect(chosen !== undefined).toBe(fit.length > 0);
    if (!chosen) continue;
    chosenEver += 1;
    expect(fit).toContain(chosen);
    if (fit.some(({ rackId }) => rackId === 'rck_1')) expect(chosen.rackId).toBe('rck_1');
  }
  expect(chosenEver).toBeGreaterThan(100);
});
