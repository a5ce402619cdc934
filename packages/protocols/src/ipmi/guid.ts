// The three byte orders in which BMCs send a UUID (IPMI 2.0 §20.8, SMBIOS 3.x §7.2.1, RFC 4122), and a guess which one it was.

export type GuidOrder = 'smbios' | 'rfc4122' | 'ipmi';

/** Places of the text form's bytes. SMBIOS swaps the first three fields; IPMI sends the whole backwards. */
const PLACES: Record<GuidOrder, readonly number[]> = {
  smbios: [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15],
  rfc4122: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  ipmi: [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
};

/** SMBIOS first: it is what most BMCs send, and what DHCP option 97 and the operating system show of the same machine. */
const LIKELY: readonly GuidOrder[] = ['smbios', 'rfc4122', 'ipmi'];

/** UUID text of 16 bytes, in the order that makes it a valid UUID; SMBIOS order when none does. Empty for all zeros. */
export function guidText(bytes: Uint8Array): string {
  if (bytes.length !== 16 || bytes.every((byte) => byte === 0)) return '';
  const texts = LIKELY.map((order) => textIn(bytes, order));
  return texts.find(isUuid) ?? texts[0] ?? '';
}

/** The 16 bytes of a UUID text; zeros where the text is no UUID. */
export function guidBytes(text: string, order: GuidOrder): Uint8Array {
  const hex = text.replaceAll('-', '');
  const plain = PLACES.rfc4122.map((at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16) || 0);
  const bytes = new Uint8Array(16);
  for (const [at, place] of PLACES[order].entries()) bytes[at] = plain[place] ?? 0;
  return bytes;
}

function textIn(bytes: Uint8Array, order: GuidOrder): string {
  const hex = PLACES[order].map((place) => (bytes[place] ?? 0).toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Version 1 to 8 and the RFC 4122 variant, the two fields that tell the orders apart. */
function isUuid(text: string): boolean {
  return /^.{14}[1-8].{4}[89ab]/.test(text);
}
