// The columns that a CSV file of servers may have, and what each cell may hold.
import { z } from 'zod';
import { label, labels, macKey, name, toMac } from '../fields.ts';

const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most));
const halves = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,3}([.,][05])?$/, 'a number in steps of 0.5')
    .transform((text) => Number(text.replace(',', '.')))
    .pipe(z.number().min(least).max(most));
const word = <const W extends [string, ...string[]]>(words: W) => z.string().toLowerCase().pipe(z.enum(words));

/** Column → schema of its text. An empty cell says nothing and is never parsed. */
export const SERVER_COLUMNS = {
  name,
  serial: label,
  asset_tag: label,
  site: name,
  rack: name,
  u_position: halves(1, 60.5),
  u_height: halves(0.5, 60),
  face: word(['front', 'rear']),
  firmware_mode: word(['uefi', 'bios']),
  network: name,
  address: z.ipv4(),
  boot_mac: macKey.transform(toMac),
  bmc_protocol: word(['redfish', 'ipmi']),
  bmc_address: z.string().max(300),
  bmc_port: count(1, 65_535),
  bmc_username: z.string().max(64),
  bmc_password: z.string().max(256),
} as const;

export type ServerColumn = keyof typeof SERVER_COLUMNS;
export type ServerCells = { -readonly [C in ServerColumn]?: z.output<(typeof SERVER_COLUMNS)[C]> };

/** `mac_1` to `mac_64`. */
const MAC_COLUMN = /^mac_([1-9]|[1-5]\d|6[0-4])$/;
const LABEL_COLUMN = /^label\.(.+)$/;

export type Column =
  | { kind: 'cell'; header: string; column: ServerColumn }
  | { kind: 'mac'; header: string }
  | { kind: 'label'; header: string; key: string };

/** Undefined when there is no such column. Case counts in the keys of labels only. */
export function columnNamed(text: string): Column | undefined {
  const header = text.trim();
  const key = LABEL_COLUMN.exec(header)?.[1];
  if (key !== undefined) return labels.safeParse({ [key]: '' }).success ? { kind: 'label', header, key } : undefined;
  const lower = header.toLowerCase();
  if (MAC_COLUMN.test(lower)) return { kind: 'mac', header: lower };
  return Object.hasOwn(SERVER_COLUMNS, lower) ? { kind: 'cell', header: lower, column: lower as ServerColumn } : undefined;
}

export const macCell = macKey.transform(toMac);
export const labelCell = (key: string, value: string) => labels.safeParse({ [key]: value });
