// What a baseboard management controller (BMC) can tell and do, in values that no protocol shows through.

export type PowerState = 'on' | 'off' | 'powering_on' | 'powering_off' | 'unknown';

/** The BMC's own summary of the machine's parts. */
export type BmcHealth = 'ok' | 'warning' | 'critical' | 'unknown';

/** What one cheap question tells. `serial` is empty where it would take another. */
export type BmcLook = { power: PowerState; health: BmcHealth; serial: string };

/** `reboot` is off, wait, on unless the BMC does it better; `graceful_off` asks the operating system. */
export type PowerAction = 'on' | 'off' | 'graceful_off' | 'reboot';

export type BootDevice = 'network' | 'disk' | 'none';
export type FirmwareMode = 'uefi' | 'bios';

/** What the BMC says the next boot will be. `once` is used up by the next boot; `none` clears the override. */
export type BootOverride = { device: BootDevice; once: boolean; mode: FirmwareMode | 'unknown' };

export type BmcProtocol = 'redfish' | 'ipmi';

export type BmcTls =
  | { mode: 'insecure' }
  | { mode: 'ca'; ca: string }
  /** SHA-256 of the certificate (DER), lower-case hex: for the self-signed certificates that BMCs are born with. */
  | { mode: 'pin'; sha256: string };

export type BmcEndpoint = {
  protocol: BmcProtocol;
  /** Redfish: `https://10.0.4.12` (or http:// in a lab); IPMI: host name or address. */
  address: string;
  /** IPMI's UDP port, 623 unless told. */
  port?: number;
  tls?: BmcTls;
};

export type BmcCredentials = { username: string; password: string };

export type BmcIdentity = {
  vendor: string;
  model: string;
  /** The machine's serial number as its label says it; empty when the BMC does not know. */
  serial: string;
  uuid: string;
  bmcFirmware: string;
};

/** What the BMC counts. Lists are empty, not absent, where the protocol cannot tell. */
export type BmcHardware = {
  identity: BmcIdentity;
  biosVersion: string;
  cpuCount: number;
  memoryBytes: number;
  nics: { mac: string; name: string }[];
  disks: { serial: string; model: string; sizeBytes: number }[];
  /** What could not be read, in words; a partial answer beats none. */
  warnings: string[];
};

export type BmcLogEntry = { id: string; at: string | null; severity: 'ok' | 'warning' | 'critical'; message: string };
