// Reads CSV (RFC 4180) as people and spreadsheets write it, and says where it is broken instead of guessing.

/** Rows are counted as a spreadsheet counts them: the header is row 1. Rows without anything in them are left out, but counted. */
export type CsvRecord = { row: number; cells: string[] };
export type CsvFault = { row: number; column: number; message: string };
export type ReadCsv = { ok: true; records: CsvRecord[] } | { ok: false; fault: CsvFault };
export type CsvLimits = { records: number; columns: number; cellLength: number };

const QUOTE = '"';

/**
 * The whole file or the first thing that is wrong with it: after a broken quotation nothing behind it can be trusted. Lines may end
 * with CRLF, LF or CR; the last one need not end; a quoted cell may hold any of them. A byte order mark is left out.
 */
export function readCsv(text: string, limits: CsvLimits): ReadCsv {
  const records: CsvRecord[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  for (let row = 1; at < text.length; row++) {
    const read = readRecord(text, at, limits);
    if (!read.ok) return { ok: false, fault: { row, column: read.column, message: read.message } };
    at = read.next;
    if (read.cells.every((cell) => cell === '')) continue;
    if (records.length >= limits.records) {
      return { ok: false, fault: { row, column: 1, message: `more than ${limits.records} rows` } };
    }
    records.push({ row, cells: read.cells });
  }
  return { ok: true, records };
}

type Broken = { ok: false; column: number; message: string };
type ReadRecord = { ok: true; cells: string[]; next: number } | Broken;

function readRecord(text: string, start: number, limits: CsvLimits): ReadRecord {
  const cells: string[] = [];
  let at = start;
  for (;;) {
    const column = cells.length + 1;
    const broken = (message: string): Broken => ({ ok: false, column, message });
    if (column > limits.columns) return broken(`more than ${limits.columns} columns`);
    const cell = text[at] === QUOTE ? readQuoted(text, at + 1, limits.cellLength) : readPlain(text, at, limits.cellLength);
    if (typeof cell === 'string') return broken(cell);
    if (cell.value.includes('\0')) return broken('a NUL character');
    cells.push(cell.value);
    at = cell.next;
    if (text[at] === ',') at += 1;
    else return { ok: true, cells, next: afterLineEnd(text, at) };
  }
}

type Cell = { value: string; next: number };

function readPlain(text: string, start: number, longest: number): Cell | string {
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === ',' || character === '\n' || character === '\r') break;
    // RFC 4180 section 2, rule 5: quotes may not appear inside a cell that does not begin with one.
    if (character === QUOTE) return 'a quotation mark inside a cell that does not begin with one';
    if (at - start >= longest) return `longer than ${longest} characters`;
  }
  return { value: text.slice(start, at), next: at };
}

/** @param start  behind the opening quotation mark */
function readQuoted(text: string, start: number, longest: number): Cell | string {
  let value = '';
  let from = start;
  for (;;) {
    const quote = text.indexOf(QUOTE, from);
    if (quote === -1) return 'a quotation that never ends';
    value += text.slice(from, quote);
    if (value.length > longest) return `longer than ${longest} characters`;
    if (text[quote + 1] !== QUOTE) return endOfQuoted(text, quote + 1, value);
    value += QUOTE;
    from = quote + 2;
  }
}

function endOfQuoted(text: string, next: number, value: string): Cell | string {
  const behind = text[next];
  const ends = behind === undefined || behind === ',' || behind === '\n' || behind === '\r';
  return ends ? { value, next } : 'characters behind the closing quotation mark';
}

function afterLineEnd(text: string, at: number): number {
  return text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1;
}
