// Numbers of IPMI 2.0 that more than one file needs, with the table they stand in.

/** Network functions of requests (table 5-1); the answer's is one more. */
export const NET_FN = { chassis: 0x00, app: 0x06, storage: 0x0a } as const;

/** Completion codes (table 5-2). */
export const COMPLETION = {
  ok: 0x00,
  nodeBusy: 0xc0,
  invalidCommand: 0xc1,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationLost: 0xc5,
  truncated: 0xc6,
  invalidLength: 0xc7,
  lengthExceeded: 0xc8,
  outOfRange: 0xc9,
  cannotReturnSoMany: 0xca,
  notPresent: 0xcb,
  invalidField: 0xcc,
  bmcInitialising: 0xd2,
  insufficientPrivilege: 0xd4,
  wrongState: 0xd5,
  unspecified: 0xff,
} as const;

/** RMCP+ payload types (table 13-16). */
export const PAYLOAD = {
  ipmi: 0x00,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

/** Status codes of open session and RAKP messages (table 13-15). */
export const RAKP_STATUS = {
  ok: 0x00,
  noResources: 0x01,
  invalidSession: 0x02,
  invalidAuthentication: 0x04,
  invalidIntegrity: 0x05,
  noMatchingAuthentication: 0x06,
  noMatchingIntegrity: 0x07,
  inactiveSession: 0x08,
  invalidRole: 0x09,
  unauthorizedRole: 0x0a,
  noResourcesForRole: 0x0b,
  invalidNameLength: 0x0c,
  unauthorizedName: 0x0d,
  invalidIntegrityCheck: 0x0f,
  invalidConfidentiality: 0x10,
  noCipherSuiteMatch: 0x11,
  illegalParameter: 0x12,
} as const;

export const PRIVILEGE = { callback: 1, user: 2, operator: 3, administrator: 4 } as const;

/** Addresses in a LAN message (§5.5): the BMC, and remote console software. */
export const BMC_ADDRESS = 0x20;
export const CONSOLE_ADDRESS = 0x81;

export const RMCP_PORT = 623;
