// Reads Redfish documents as BMCs really send them: numbers as text, null for a list, links with and without a slash at the end.

export type RedfishDocument = Readonly<Record<string, unknown>>;

const EMPTY: RedfishDocument = {};

export function asDocument(value: unknown): RedfishDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RedfishDocument) : EMPTY;
}

/** A nested object, empty when it is not there. */
export function part(document: RedfishDocument, ...names: string[]): RedfishDocument {
  return names.reduce((inner, name) => asDocument(inner[name]), document);
}

/** Trimmed text, empty when it is not there. ZT and ZTE boards send numbers where text belongs. */
export function text(document: RedfishDocument, name: string): string {
  const value = document[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.trim() : '';
}

export function number(document: RedfishDocument, name: string): number | undefined {
  const value = document[name];
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

export function list(document: RedfishDocument, name: string): readonly unknown[] {
  const value = document[name];
  return Array.isArray(value) ? value : [];
}

export function texts(document: RedfishDocument, name: string): string[] {
  return list(document, name).filter((value) => typeof value === 'string');
}

/** The path of a link property. */
export function link(document: RedfishDocument, name: string): string | undefined {
  return linkIn(document[name]);
}

/** The paths of a list of links; `Members` is null on BlueField. */
export function links(document: RedfishDocument, name: string): string[] {
  return list(document, name).flatMap((value) => linkIn(value) ?? []);
}

function linkIn(value: unknown): string | undefined {
  const path = text(asDocument(value), '@odata.id');
  return path === '' ? undefined : path;
}
