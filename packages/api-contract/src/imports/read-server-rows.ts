// From the text of a CSV file to rows about servers, every cell checked for its form. What is on file is not asked here.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { readCsv, type CsvFault } from '../csv/read-csv.ts';
import { sayDetail } from '../errors.ts';
import { bmcInput } from '../resources/bmc.ts';
import { columnNamed, type Column, labelCell, macCell, SERVER_COLUMNS, type ServerCells } from './server-columns.ts';

export const IMPORT_LIMITS = { records: 10_001, columns: 160, cellLength: 4_096 };

/** One cell that is wrong. `row` counts as a spreadsheet does; `column` is the header. Never holds what a password cell held. */
export type CellError = { row: number; column: string; code: string; message: string };

/** What a row says about the server with that serial; members that are missing it says nothing about. */
export type ServerRow = {
  row: number;
  serial: string;
  name?: string;
  assetTag?: string;
  site?: string;
  rack?: string;
  uPosition?: number;
  uHeight?: number;
  face?: 'front' | 'rear';
  firmwareMode?: 'uefi' | 'bios';
  network?: string;
  address?: string;
  /** In the order of their columns. */
  macs: string[];
  bootMac?: string;
  bmc?: BmcEndpoint;
  bmcCredentials?: BmcCredentials;
  labels: Record<string, string>;
};

export type ReadServerRows = { ok: true; rows: ServerRow[]; errors: CellError[]; total: number } | { ok: false; fault: CsvFault };

/** So many wrong cells are named; beyond them one a row, so that wrong rows are still counted. */
const MOST_NAMED = 1_000;

/** The rows without a wrong cell, and every wrong cell of the others; or what makes the whole file unreadable. */
export function readServerRows(text: string): ReadServerRows {
  const read = readCsv(text, IMPORT_LIMITS);
  if (!read.ok) return read;
  const [header, ...records] = read.records;
  if (header === undefined) return { ok: false, fault: { row: 1, column: 1, message: 'the header is missing' } };
  const columns = columnsOf(header.cells);
  if ('message' in columns) return { ok: false, fault: { row: header.row, ...columns } };

  const errors: CellError[] = [];
  const rows: ServerRow[] = [];
  const bySerial = new Map<string, number>();
  for (const { row, cells } of records) {
    const found: CellError[] = [];
    const made = rowOf(row, columns, cells, found);
    const twin = made && bySerial.get(made.serial);
    if (made && twin !== undefined) {
      const facts = { serial: made.serial, known: `row ${twin}` };
      found.push({ row, column: 'serial', code: 'serial_already_known', message: sayDetail('serial_already_known', facts) });
    } else if (made) bySerial.set(made.serial, row);
    errors.push(...(errors.length < MOST_NAMED ? found : found.slice(0, 1)));
    if (made && found.length === 0) rows.push(made);
  }
  return { ok: true, rows, errors, total: records.length };
}

function columnsOf(header: string[]): Column[] | { column: number; message: string } {
  const columns: Column[] = [];
  for (const [i, text] of header.entries()) {
    const column = columnNamed(text);
    if (column === undefined) return { column: i + 1, message: `there is no column "${text.trim().slice(0, 64)}"` };
    if (columns.some((known) => known.header === column.header)) {
      return { column: i + 1, message: `the column ${column.header} is there twice` };
    }
    columns.push(column);
  }
  if (!columns.some(({ header: known }) => known === 'serial')) return { column: 1, message: 'the column serial is missing' };
  return columns;
}

function rowOf(row: number, columns: Column[], cells: string[], errors: CellError[]): ServerRow | undefined {
  const wrong = (column: string, message: string, code = 'invalid') => void errors.push({ row, column, code, message });
  if (cells.length > columns.length) wrong(`column ${columns.length + 1}`, 'The row has more cells than the header.');
  const told: ServerCells = {};
  const macs: string[] = [];
  const labels: Record<string, string> = {};
  for (const [i, column] of columns.entries()) {
    // Blanks around a cell come from hands and spreadsheets; in a password they may be meant.
    const text = column.header === 'bmc_password' ? (cells[i] ?? '') : (cells[i] ?? '').trim();
    if (text === '') continue;
    const parsed = parseCell(column, text);
    if (!parsed.success) wrong(column.header, sentence(parsed.error.issues[0]?.message));
    else if (column.kind === 'mac') macs.push(parsed.data as string);
    else if (column.kind === 'label') labels[column.key] = text;
    else Object.assign(told, { [column.column]: parsed.data });
  }
  if (new Set(macs).size < macs.length) wrong('boot_mac', 'The row names the same MAC twice.', 'duplicate');
  const bmc = bmcOf(told, wrong);
  if (told.serial === undefined) {
    if (!errors.some(({ column }) => column === 'serial')) wrong('serial', 'Required.', 'missing');
    return undefined;
  }
  return assemble(row, told, told.serial, macs, labels, bmc);
}

const parseCell = (column: Column, text: string) => {
  if (column.kind === 'mac') return macCell.safeParse(text);
  if (column.kind === 'label') return labelCell(column.key, text);
  return SERVER_COLUMNS[column.column].safeParse(text);
};

type Bmc = Pick<ServerRow, 'bmc' | 'bmcCredentials'>;

function assemble(
  row: number,
  told: ServerCells,
  serial: string,
  macs: string[],
  labels: Record<string, string>,
  bmc: Bmc,
): ServerRow {
  const { name, asset_tag, site, rack, u_position, u_height, face, firmware_mode, network, address, boot_mac } = told;
  const known = {
    name,
    assetTag: asset_tag,
    site,
    rack,
    uPosition: u_position,
    uHeight: u_height,
    face,
    firmwareMode: firmware_mode,
    network,
    address,
    bootMac: boot_mac,
  };
  const said = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
  const all = boot_mac === undefined || macs.includes(boot_mac) ? macs : [boot_mac, ...macs];
  return { ...said, ...bmc, row, serial, macs: all, labels };
}

const BMC_CELLS = ['bmc_protocol', 'bmc_port', 'bmc_username', 'bmc_password'] as const;
const BMC_COLUMN: Record<string, string> = { protocol: 'bmc_protocol', port: 'bmc_port', credentials: 'bmc_username' };

/** A Redfish BMC may be told by its bare address, as people write it: https:// is put before it. */
function bmcOf(told: ServerCells, wrong: (column: string, message: string, code?: string) => void): Bmc {
  const { bmc_protocol: protocol = 'redfish', bmc_address: address, bmc_port: port, bmc_username, bmc_password } = told;
  if (address === undefined) {
    if (BMC_CELLS.some((cell) => told[cell] !== undefined))
      wrong('bmc_address', 'Required with the other BMC columns.', 'missing');
    return {};
  }
  if ((bmc_username === undefined) !== (bmc_password === undefined)) {
    wrong(bmc_username === undefined ? 'bmc_username' : 'bmc_password', 'A user name and a password come together.', 'missing');
    return {};
  }
  const credentials = bmc_username === undefined ? {} : { credentials: { username: bmc_username, password: bmc_password } };
  const place = protocol === 'ipmi' ? { address, ...(port === undefined ? {} : { port }) } : redfishPlace(address, port);
  const parsed = bmcInput.safeParse({ protocol, ...place, ...credentials });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    wrong(
      BMC_COLUMN[String(issue?.path[0])] ?? 'bmc_address',
      sentence(issue?.code === 'invalid_union' ? 'a host name or address' : issue?.message),
    );
    return {};
  }
  const { credentials: given, ...endpoint } = parsed.data;
  return { bmc: endpoint as BmcEndpoint, ...(given ? { bmcCredentials: given } : {}) };
}

function redfishPlace(address: string, port: number | undefined): { address: string; port?: number } {
  // Refused by the schema when both are told: the port of an URL stands in it.
  if (/^https?:/i.test(address)) return { address, ...(port === undefined ? {} : { port }) };
  const host = /^[^[]*:.*:/.test(address) ? `[${address}]` : address;
  return { address: `https://${host}${port === undefined ? '' : `:${port}`}` };
}

const sentence = (message = 'Not understood'): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}.`.replace(/\.\.$/, '.');
