// What single products do otherwise than the standard says, as a table. Only what the driver acts on; what it can find out by
// looking (allowable values, settings objects, missing properties, refused payloads) has no row here.

export type QuirkTraits = {
  /** Close the connection after each request. */
  freshConnections?: true;
  /** The property of the system that holds the serial number on the label. */
  serialFrom?: 'SKU';
  /** `On` right after off answers 409 although nothing is wrong: so often, so far apart, we ask again. */
  powerOnConflict?: { tries: number; everyMs: number };
  /** Never send BootSourceOverrideMode. */
  bootModeRefused?: true;
  /** Values of IndicatorLED, where "lit" is the resting state. */
  ledValues?: { lit: string; dark: string };
  /** Ids of network interfaces that lead to the BMC and not to the world. */
  hostInterfaces?: readonly string[];
};

export type ProductMarks = {
  /** Who made the BMC's firmware, as the service root says. */
  vendor: string;
  managerModel: string;
  redfishVersion: string;
};

type Quirk = QuirkTraits & { id: string; source: string; match: Partial<Record<keyof ProductMarks, RegExp>> };

export const QUIRKS: readonly Quirk[] = [
  {
    id: 'dell-service-tag',
    source: 'Ironic release note idrac-redfish-sku; SerialNumber is the main board',
    match: { vendor: /^dell/i },
    serialFrom: 'SKU',
  },
  {
    id: 'dell-led-blinks',
    source: 'capture of an R750, iDRAC9 6.00.30: IndicatorLED reads Lit with nobody looking for the server',
    match: { vendor: /^dell/i },
    ledValues: { lit: 'Blinking', dark: 'Lit' },
  },
  {
    id: 'idrac10-conflict-after-off',
    source: 'Ironic release note redfish-power-on-conflict-retry: up to 60 s after off',
    match: { vendor: /^dell/i, managerModel: /^17G/ },
    powerOnConflict: { tries: 6, everyMs: 10_000 },
  },
  {
    id: 'ilo-resets-used-sockets',
    source: 'libredfish src/network.rs: RST on a reused socket',
    match: { vendor: /^(hpe?|hewlett)/i },
    freshConnections: true,
  },
  {
    id: 'supermicro-x10-no-mode',
    source: 'metal-operator redfish_supermicro.go: X10 (Redfish 1.0) refuses BootSourceOverrideMode',
    match: { vendor: /^supermicro/i, redfishVersion: /^1\.0\./ },
    bootModeRefused: true,
  },
  {
    id: 'supermicro-to-manager',
    source: 'capture of a SYS-821GE-TNHR: EthernetInterfaces/ToManager is the USB link to the BMC',
    match: { vendor: /^supermicro/i },
    hostInterfaces: ['ToManager'],
  },
];

/** All traits that apply; a later row wins. */
export function quirksFor(marks: ProductMarks): QuirkTraits {
  const traits: QuirkTraits = {};
  for (const { id: _id, source: _source, match, ...row } of QUIRKS) {
    const fits = (Object.keys(match) as (keyof ProductMarks)[]).every((mark) => match[mark]?.test(marks[mark]) ?? true);
    if (fits) Object.assign(traits, row);
  }
  return traits;
}
