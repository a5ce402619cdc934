// CSV as it comes: from spreadsheets, from scripts, and from whoever wants to know what breaks us.
import { describe, expect, test } from 'vitest';
import { readCsv } from './read-csv.ts';

const LIMITS = { records: 100, columns: 8, cellLength: 64 };
const cellsOf = (text: string) => {
  const read = readCsv(text, LIMITS);
  if (!read.ok) throw new Error(`row ${read.fault.row} column ${read.fault.column}: ${read.fault.message}`);
  return read.records.map(({ cells }) => cells);
};

describe('reads', () => {
  test.each([
    ['LF', 'a,b\n1,2\n'],
    ['CRLF', 'a,b\r\n1,2\r\n'],
    ['CR, as old spreadsheets wrote it', 'a,b\r1,2\r'],
    ['all of them in one file', 'a,b\r\n\n\r1,2\n\r\n'],
    ['no end of the last line', 'a,b\n1,2'],
    ['a byte order mark', '\uFEFFa,b\n1,2'],
    ['quotes where none are needed', '"a","b"\r\n"1",2'],
  ])('%s', (_name, text) => {
    expect(cellsOf(text)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });

  test('commas, quotes and line ends inside quotation marks', () => {
    expect(cellsOf('a\n"1,2"\n"say ""hi"""\n"x\r\ny"\n""""\n')).toEqual([['a'], ['1,2'], ['say "hi"'], ['x\r\ny'], ['"']]);
  });

  test('empty cells, also the last one of the file', () => {
    expect(cellsOf('a,,c\n,x,')).toEqual([
      ['a', '', 'c'],
      ['', 'x', ''],
    ]);
  });

  test('rows as a spreadsheet numbers them, past empty ones', () => {
    const read = readCsv('a\n\n,\nb', LIMITS);
    expect(read).toEqual({
      ok: true,
      records: [
        { row: 1, cells: ['a'] },
        { row: 4, cells: ['b'] },
      ],
    });
  });

  test('nothing', () => expect(cellsOf('')).toEqual([]));
});

describe('says where it is broken', () => {
  test.each([
    ['a quotation that never ends', 'a,b\n1,"2\n3,4\n', { row: 2, column: 2, message: 'a quotation that never ends' }],
    ['a lone quotation mark', '"', { row: 1, column: 1, message: 'a quotation that never ends' }],
    [
      'a quote in the middle',
      'a\nb"c"',
      { row: 2, column: 1, message: 'a quotation mark inside a cell that does not begin with one' },
    ],
    ['text behind a quotation', '"a"b', { row: 1, column: 1, message: 'characters behind the closing quotation mark' }],
    ['NUL', 'a,b\n1,\0', { row: 2, column: 2, message: 'a NUL character' }],
    ['NUL in quotes', '"a\0"', { row: 1, column: 1, message: 'a NUL character' }],
    ['a huge cell', `a\n${'x'.repeat(65)}`, { row: 2, column: 1, message: 'longer than 64 characters' }],
    ['a huge quoted cell', `a\n"${'x'.repeat(65)}"`, { row: 2, column: 1, message: 'longer than 64 characters' }],
    ['too many columns', ','.repeat(8), { row: 1, column: 9, message: 'more than 8 columns' }],
    ['too many rows', 'x\n'.repeat(101), { row: 101, column: 1, message: 'more than 100 rows' }],
  ])('%s', (_name, text, fault) => {
    expect(readCsv(text, LIMITS)).toEqual({ ok: false, fault });
  });
});

// Reading that went over the same text again and again would take hours here: the test would not end in its time.
test('ten megabytes of quotation marks, or of nothing, are refused or are no rows', () => {
  const size = 10_000_000;
  const outcome = (text: string): unknown => {
    const read = readCsv(text, LIMITS);
    return read.ok ? read.records.length : 'refused';
  };
  expect(outcome('"'.repeat(size))).toBe('refused');
  expect(outcome('\n'.repeat(size))).toBe(0);
  expect(outcome(','.repeat(size))).toBe('refused');
  expect(outcome(`"${'""'.repeat(size / 2)}`)).toBe('refused');
});

test('whatever is written by the rules is read as it was', () => {
  let state = 20261122;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const ALPHABET = ['a', '"', ',', '\r', '\n', ' ', '\u00e9', '\u53f0'];
  for (let n = 0; n < 2_000; n++) {
    const width = 1 + random(4);
    const rows = Array.from({ length: 1 + random(4) }, () =>
      Array.from(
        { length: width },
        (_, i) => (i === 0 ? 'k' : '') + Array.from({ length: random(6) }, () => ALPHABET[random(8)]).join(''),
      ),
    );
    const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
    expect(cellsOf(text)).toEqual(rows);
  }
});
