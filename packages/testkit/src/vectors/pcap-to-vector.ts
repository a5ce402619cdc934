// Turns one packet of a capture into a vector's text, so that the repository holds text and not blobs. Run by hand, once per packet:
//   node pcap-to-vector.ts <dhcp|tftp> <file.pcap>                              lists what is in it
//   node pcap-to-vector.ts <dhcp|tftp> <file.pcap> <number> <what> <from>       prints the vector
// The value is what our decoder says: read it against another decoder (tshark) before it is committed.
import { readFileSync } from 'node:fs';
import type { Decoded } from '@rackwright/protocols/bytes/byte-reader.ts';
import { decodeDhcp, findOption } from '@rackwright/protocols/dhcp/codec.ts';
import { OPTION } from '@rackwright/protocols/dhcp/constants.ts';
import { readRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { decodeTftp } from '@rackwright/protocols/tftp/codec.ts';
import { type CapturedDatagram, readPcap } from './read-pcap.ts';
import { dhcpLines, type Line, tftpLines, vectorText } from './write-vector.ts';

type Protocol = {
  decode: (bytes: Uint8Array) => Decoded<unknown>;
  lines: (bytes: Uint8Array) => Line[];
  isOurs: (datagram: CapturedDatagram) => boolean;
  summary: (bytes: Uint8Array) => string;
};

const DHCP_PORTS = [67, 68, 4011];

const PROTOCOLS: Record<string, Protocol> = {
  dhcp: {
    decode: decodeDhcp,
    lines: dhcpLines,
    isOurs: ({ sourcePort, targetPort }) => DHCP_PORTS.includes(sourcePort) || DHCP_PORTS.includes(targetPort),
    summary: summariseDhcp,
  },
  tftp: {
    decode: decodeTftp,
    lines: tftpLines,
    // Transfers run between two ports of their own: anything else that decodes is taken for TFTP.
    isOurs: ({ sourcePort, targetPort, payload }) =>
      !DHCP_PORTS.includes(sourcePort) && !DHCP_PORTS.includes(targetPort) && decodeTftp(payload).ok,
    summary: (bytes) => JSON.stringify(decodeTftp(bytes)).slice(0, 120),
  },
};

function summariseDhcp(bytes: Uint8Array): string {
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok) return decoded.fault;
  const request = readRequest(decoded.value);
  if (!request.ok) return `reply, type ${findOption(decoded.value, OPTION.messageType)?.join()}`;
  const { messageType, mac, architecture, vendorClass, userClasses } = request.value;
  return `${messageType} ${mac} arch ${architecture ?? '-'} ${vendorClass ?? ''} ${userClasses.join()}`;
}

const [protocolName = '', file, number, what, from] = process.argv.slice(2);
const protocol = PROTOCOLS[protocolName];
if (!protocol || file === undefined) throw new Error('pcap-to-vector.ts <dhcp|tftp> <file.pcap> [<number> <what> <from>]');
const datagrams = readPcap(readFileSync(file)).filter(protocol.isOurs);
if (number === undefined) {
  for (const [n, { at, source, sourcePort, target, targetPort, payload }] of datagrams.entries()) {
    console.log(
      `${n}  ${at.toFixed(3)}  ${source}:${sourcePort} > ${target}:${targetPort}  ${payload.length} B  ${protocol.summary(payload)}`,
    );
  }
} else {
  const payload = datagrams[Number(number)]?.payload;
  if (payload === undefined || what === undefined || from === undefined) throw new Error('no such packet, or no what and from');
  const decoded = protocol.decode(payload);
  if (!decoded.ok) throw new Error(decoded.fault);
  process.stdout.write(vectorText({ what, from, lines: protocol.lines(payload), value: decoded.value }));
}
