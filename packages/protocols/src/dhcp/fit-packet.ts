// Makes a reply fit the size its client takes, by overloading `file` and `sname` with options. RFC 2131 section 4.1, RFC 2132 section 9.3.
import { type DhcpPacket, encodeDhcp } from './codec.ts';
import { OPTION } from './constants.ts';
import { type DhcpOption, optionSize } from './options.ts';

// These must stand in the options field: relays and clients look only there, and 52 itself says where the rest is.
const NEVER_MOVED: readonly number[] = [OPTION.messageType, OPTION.serverIdentifier, OPTION.relayAgent, OPTION.overload];

const FIELD_SIZES = [
  { field: 'fileOptions', text: 'file', bit: 1, size: 128 },
  { field: 'snameOptions', text: 'sname', bit: 2, size: 64 },
] as const;

/**
 * The packet itself if it fits `limit` bytes; else with later options moved to the fields that hold no text.
 * Undefined when even that does not help: the caller must say less.
 */
export function fitPacket(packet: DhcpPacket, limit: number): DhcpPacket | undefined {
  if (encodeDhcp(packet).length <= limit) return packet;
  let excess = encodeDhcp({ ...packet, padding: 0 }).length - limit;
  if (excess <= 0) return { ...packet, padding: 0 };
  excess += 3; // option 52 comes on top
  let options = packet.options;
  const fitted = { ...packet, padding: 0 };
  let bits = 0;
  for (const { field, text, bit, size } of FIELD_SIZES) {
    if (excess <= 0 || packet[text] !== '') continue;
    const moved = chooseMoved(options, size - 1, excess);
    if (moved.length === 0) continue;
    options = options.filter((option) => !moved.includes(option));
    excess -= moved.reduce((sum, option) => sum + optionSize(option), 0);
    fitted[field] = moved;
    bits |= bit;
  }
  if (excess > 0) return undefined;
  const [first, ...others] = options;
  const overload: DhcpOption = [OPTION.overload, Uint8Array.of(bits)];
  return { ...fitted, options: first ? [first, overload, ...others] : [overload] };
}

/** From the last option back, what fits in `room` bytes, until `excess` bytes are gone. */
function chooseMoved(options: readonly DhcpOption[], room: number, excess: number): DhcpOption[] {
  const moved: DhcpOption[] = [];
  let left = room;
  let wanted = excess;
  for (const option of options.toReversed()) {
    const size = optionSize(option);
    if (wanted <= 0) break;
    if (size > left || NEVER_MOVED.includes(option[0])) continue;
    moved.unshift(option);
    left -= size;
    wanted -= size;
  }
  return moved;
}
