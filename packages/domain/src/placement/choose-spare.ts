// Which available server takes the place of a broken one: as near to it in power and network as can be, and at least as good.
import type { FirmwareMode } from '../bmc.ts';
import type { Facts } from '../errors.ts';
import type { NetworkId, RackId, ServerId, SiteId } from '../ids.ts';
import { hardwareShortfall, type SpareHardware } from './hardware-shortfall.ts';

/** What of a server decides whether it can stand in for another one. */
export type Placed = {
  id: ServerId;
  name: string;
  siteId: SiteId;
  rackId: RackId | null;
  rackName: string | null;
  powerFeeds: readonly string[];
  switches: readonly string[];
  networkId: NetworkId | null;
  firmwareMode: FirmwareMode;
  /** Null: never inspected. */
  hardware: SpareHardware | null;
};

/** `missing`: codes of what it could not begin without (no BMC, no boot NIC). */
export type Candidate = Placed & { missing: readonly string[] };

/** The first seven cannot stand in; two could not be taken when they were; the others could, and another one fits better. */
export type PassedOverFor =
  | 'other_site'
  | 'cannot_begin'
  | 'hardware_not_accepted'
  | 'other_architecture'
  | 'other_firmware_mode'
  | 'hardware_too_small'
  | 'the_broken_one'
  | 'server_held'
  | 'taken_meanwhile'
  | 'other_failure_domain'
  | 'other_model'
  | 'other_network'
  | 'more_than_needed'
  | 'name_comes_later';

export type PassedOver = { id: ServerId; name: string; reason: PassedOverFor; facts: Facts };
export type SpareChoice = {
  chosen: (Pick<Candidate, 'id' | 'name'> & { facts: Facts }) | null;
  /** Those that could stand in come first, the best of them first. */
  passedOver: PassedOver[];
};

/** Every candidate is either chosen or passed over for a reason. The order of `candidates` makes no difference. */
export function chooseSpare(broken: Placed, candidates: readonly Candidate[]): SpareChoice {
  const judged = candidates.map((candidate) => ({ candidate, unfit: whyUnfit(broken, candidate) }));
  const fit = judged.flatMap(({ candidate, unfit }) => (unfit ? [] : [measure(broken, candidate)])).sort(compare);
  const [best, ...others] = fit;
  const unfit = judged
    .flatMap(({ candidate: { id, name }, unfit: why }): PassedOver[] => (why ? [{ id, name, ...why }] : []))
    .sort((a, b) => order(a.name, b.name) || order(a.id, b.id));
  if (!best) return { chosen: null, passedOver: unfit };
  const { id, name } = best.candidate;
  const worse = others.map((one): PassedOver => {
    const reason = WISHES.find(([, by]) => by(one) !== by(best))?.[0] ?? 'name_comes_later';
    return { id: one.candidate.id, name: one.candidate.name, reason, facts: factsOf(one) };
  });
  return { chosen: { id, name, facts: factsOf(best) }, passedOver: [...worse, ...unfit] };
}

type Unfit = { reason: PassedOverFor; facts: Facts };

function whyUnfit(broken: Placed, candidate: Candidate): Unfit | undefined {
  if (candidate.id === broken.id) return { reason: 'the_broken_one', facts: {} };
  if (candidate.siteId !== broken.siteId) return { reason: 'other_site', facts: {} };
  if (candidate.missing.length > 0) return { reason: 'cannot_begin', facts: { missing: candidate.missing.join(', ') } };
  if (!candidate.hardware) return { reason: 'hardware_not_accepted', facts: { server: candidate.name } };
  // With nothing to compare with nobody can say that another one is as good.
  if (!broken.hardware) return { reason: 'hardware_not_accepted', facts: { server: broken.name } };
  if (candidate.firmwareMode !== broken.firmwareMode)
    return { reason: 'other_firmware_mode', facts: { has: candidate.firmwareMode, needed: broken.firmwareMode } };
  const { architecture } = candidate.hardware;
  if (architecture !== broken.hardware.architecture)
    return { reason: 'other_architecture', facts: { has: architecture, needed: broken.hardware.architecture } };
  const shortfall = hardwareShortfall(broken.hardware, candidate.hardware);
  return shortfall && { reason: 'hardware_too_small', facts: shortfall };
}

type Measured = {
  candidate: Candidate;
  hardware: SpareHardware;
  sameRack: boolean;
  /** How many power feeds and switches it shares with the broken one. */
  shared: number;
  sameModel: boolean;
  sameNetwork: boolean;
  memorySurplus: number;
  diskSurplus: number;
};

function measure(broken: Placed, candidate: Candidate): Measured {
  const hardware = candidate.hardware as SpareHardware;
  const wanted = broken.hardware as SpareHardware;
  const sameRack = candidate.rackId !== null && candidate.rackId === broken.rackId;
  return {
    candidate,
    hardware,
    sameRack,
    // Feeds are named within their rack: the A feeds of two racks are two feeds.
    shared: (sameRack ? common(broken.powerFeeds, candidate.powerFeeds) : 0) + common(broken.switches, candidate.switches),
    sameModel: hardware.product === wanted.product,
    sameNetwork: candidate.networkId === broken.networkId,
    memorySurplus: hardware.memoryBytes - wanted.memoryBytes,
    diskSurplus: total(hardware) - total(wanted),
  };
}

/** What is wished for, the most important first; the smaller number wins. */
const WISHES: [PassedOverFor, (one: Measured) => number][] = [
  ['other_failure_domain', ({ sameRack }) => (sameRack ? 0 : 1)],
  ['other_failure_domain', ({ shared }) => -shared],
  ['other_model', ({ sameModel }) => (sameModel ? 0 : 1)],
  ['other_network', ({ sameNetwork }) => (sameNetwork ? 0 : 1)],
  ['more_than_needed', ({ memorySurplus }) => memorySurplus],
  ['more_than_needed', ({ diskSurplus }) => diskSurplus],
];

function compare(a: Measured, b: Measured): number {
  for (const [, by] of WISHES) if (by(a) !== by(b)) return by(a) - by(b);
  return order(a.candidate.name, b.candidate.name) || order(a.candidate.id, b.candidate.id);
}

function factsOf({ candidate, hardware, sameRack, shared, sameModel, sameNetwork }: Measured): Facts {
  return {
    rack: candidate.rackName,
    sameRack,
    sharedFeedsAndSwitches: shared,
    model: hardware.product,
    sameModel,
    sameNetwork,
    memoryBytes: hardware.memoryBytes,
    diskBytes: total(hardware),
  };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const common = (a: readonly string[], b: readonly string[]): number => a.filter((name) => b.includes(name)).length;
const total = ({ disks }: SpareHardware): number => disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
