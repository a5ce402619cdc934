// UDP datagrams out of a classic pcap file of Ethernet frames: as much of the format as tcpdump writes.

export type CapturedDatagram = {
  at: number;
  source: string;
  sourcePort: number;
  target: string;
  targetPort: number;
  payload: Uint8Array;
};

const ETHERNET_HEADER = 14;
const IPV4 = 0x0800;
const UDP = 17;

/** Seconds are counted from the first frame. Throws when the file is no pcap of Ethernet; frames that are not IPv4 and UDP are left out. */
export function readPcap(file: Uint8Array): CapturedDatagram[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0, true);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  if (!little && magic !== 0xd4c3b2a1 && magic !== 0x4d3cb2a1) throw new Error('not a pcap file');
  if (view.getUint32(20, little) !== 1) throw new Error('not a capture of Ethernet');
  const fraction = magic === 0xa1b23c4d || magic === 0x4d3cb2a1 ? 1e9 : 1e6;
  const datagrams: CapturedDatagram[] = [];
  let first: number | undefined;
  for (let at = 24; at + 16 <= file.length; ) {
    const time = view.getUint32(at, little) + view.getUint32(at + 4, little) / fraction;
    const length = view.getUint32(at + 8, little);
    first ??= time;
    const datagram = readFrame(file.subarray(at + 16, at + 16 + length));
    if (datagram) datagrams.push({ at: time - first, ...datagram });
    at += 16 + length;
  }
  return datagrams;
}

function readFrame(frame: Uint8Array): Omit<CapturedDatagram, 'at'> | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < ETHERNET_HEADER + 28 || view.getUint16(12) !== IPV4) return undefined;
  if (frame[ETHERNET_HEADER + 9] !== UDP) return undefined;
  const udp = ETHERNET_HEADER + ((frame[ETHERNET_HEADER] ?? 0) & 0x0f) * 4;
  if (udp + 8 > frame.length) return undefined;
  return {
    source: frame.subarray(ETHERNET_HEADER + 12, ETHERNET_HEADER + 16).join('.'),
    target: frame.subarray(ETHERNET_HEADER + 16, ETHERNET_HEADER + 20).join('.'),
    sourcePort: view.getUint16(udp),
    targetPort: view.getUint16(udp + 2),
    payload: Uint8Array.from(frame.subarray(udp + 8, udp + view.getUint16(udp + 4))),
  };
}
