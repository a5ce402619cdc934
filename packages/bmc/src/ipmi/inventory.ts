// Who a machine says it is by IPMI: FRU labels, GUID and firmware version. Parts are beyond IPMI.
import type { BmcHardware, BmcIdentity } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { decodeFru, type Fru } from '@rackwright/protocols/ipmi/fru.ts';
import { getDeviceId } from '@rackwright/protocols/ipmi/get-device-id.ts';
import { getFruInventoryAreaInfo, MAIN_FRU } from '@rackwright/protocols/ipmi/get-fru-inventory-area-info.ts';
import { getSystemGuid } from '@rackwright/protocols/ipmi/get-system-guid.ts';
import { guidText } from '@rackwright/protocols/ipmi/guid.ts';
import { readFruData } from '@rackwright/protocols/ipmi/read-fru-data.ts';
import { protocolError } from './faults.ts';
import type { IpmiLine } from './line.ts';
import { vendorName } from './vendors.ts';

const LARGEST_FRU = 4_096;
const CHUNK = 32;
const SMALLEST_CHUNK = 8;
const TOO_MUCH_AT_ONCE = new Set<number>([COMPLETION.lengthExceeded, COMPLETION.cannotReturnSoMany, COMPLETION.unspecified]);

export async function readIdentity(line: IpmiLine): Promise<BmcIdentity> {
  return (await readWithWarnings(line)).identity;
}

export async function readHardware(line: IpmiLine): Promise<BmcHardware> {
  const { identity, warnings } = await readWithWarnings(line);
  const beyond = 'processors, memory, network cards and disks cannot be read by IPMI';
  return { identity, biosVersion: '', cpuCount: 0, memoryBytes: 0, nics: [], disks: [], warnings: [...warnings, beyond] };
}

async function readWithWarnings(line: IpmiLine): Promise<{ identity: BmcIdentity; warnings: string[] }> {
  const warnings: string[] = [];
  const doing = `read the identity of ${line.name}`;
  const device = await line.need(doing, getDeviceId, {});
  const guid = await line.ask(doing, getSystemGuid, {});
  if (!guid.ok) warnings.push('the BMC does not tell the system GUID');
  const { board, product } = await readFru(line, doing).catch((cause: unknown): Fru => {
    // Without labels the rest is still worth having; without a BMC it is not.
    if (!(cause instanceof Fault) || cause.code === 'bmc_unreachable') throw cause;
    warnings.push(`the FRU labels cannot be read: ${cause.message}`);
    return {};
  });
  const identity = {
    vendor: first(product?.maker, board?.maker, vendorName(device.manufacturer)),
    model: first(product?.name, board?.name),
    serial: first(product?.serial, board?.serial),
    uuid: guid.ok ? guidText(guid.value.guid) : '',
    bmcFirmware: device.firmware,
  };
  return { identity, warnings };
}

async function readFru(line: IpmiLine, doing: string): Promise<Fru> {
  const { size, inWords } = await line.need(doing, getFruInventoryAreaInfo, { fru: MAIN_FRU });
  const unit = inWords ? 2 : 1;
  const wanted = Math.min(size * unit, LARGEST_FRU);
  const bytes = new Uint8Array(wanted);
  let have = 0;
  let chunk = CHUNK;
  while (have < wanted) {
    const count = Math.min(chunk, wanted - have);
    const told = await line.ask(doing, readFruData, { fru: MAIN_FRU, offset: have / unit, count: Math.ceil(count / unit) });
    if (!told.ok && TOO_MUCH_AT_ONCE.has(told.completion) && chunk > SMALLEST_CHUNK) {
      chunk /= 2;
      continue;
    }
    if (!told.ok || told.value.bytes.length === 0) throw protocolError(doing, `FRU data end at byte ${have} of ${wanted}`);
    const part = told.value.bytes.slice(0, wanted - have);
    bytes.set(part, have);
    have += part.length;
  }
  const fru = decodeFru(bytes);
  if (!fru.ok) throw protocolError(doing, `FRU data: ${fru.fault}`);
  return fru.value;
}

function first(...texts: (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== '') ?? '';
}
