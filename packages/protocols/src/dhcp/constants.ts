// DHCP's numbers, each with the document that gives it.

/** RFC 2131 section 3: the four bytes that make a BOOTP packet a DHCP packet. */
export const MAGIC_COOKIE = 0x63825363;

/** RFC 2131 section 2: the only flag; the rest must be zero and is ignored. */
export const BROADCAST_FLAG = 0x8000;

export const SERVER_PORT = 67;
export const CLIENT_PORT = 68;
/** PXE 2.1 section 2.2.3: where a boot server beside another's DHCP is asked. */
export const PROXY_PORT = 4011;

/** RFC 2131 section 2: every client must take 312 bytes of options, which makes this the payload that always arrives. */
export const SMALLEST_MAXIMUM = 548;

/** Option codes; RFC 2132 unless a line says otherwise. */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcastAddress: 28,
  ntpServer: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootFileName: 67,
  userClass: 77, // RFC 3004, which iPXE does not follow: it sends the bare word
  rapidCommit: 80, // RFC 4039
  relayAgent: 82, // RFC 3046
  architecture: 93, // RFC 4578 section 2.1
  networkInterface: 94, // RFC 4578 section 2.2
  clientMachine: 97, // RFC 4578 section 2.3
  ipxe: 175, // ipxe.org/howto/dhcpd: encapsulated options of iPXE
  end: 255,
} as const;

/** RFC 2132 section 9.6. */
export const MESSAGE_TYPES = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Sub-options of option 82. */
export const RELAY = {
  circuitId: 1, // RFC 3046 section 3.1
  remoteId: 2, // RFC 3046 section 3.2
  linkSelection: 5, // RFC 3527
  serverIdOverride: 11, // RFC 5107
  sourcePort: 19, // RFC 8357 section 5.4: no value, the port is the packet's own
} as const;
