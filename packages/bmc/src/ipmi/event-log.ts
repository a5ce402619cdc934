// The system event log by IPMI: record after record, from the oldest.
import type { BmcLogEntry } from '@rackwright/domain/bmc.ts';
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { FIRST_RECORD, getSelEntry, LAST_RECORD, WHOLE_RECORD } from '@rackwright/protocols/ipmi/get-sel-entry.ts';
import { getSelInfo } from '@rackwright/protocols/ipmi/get-sel-info.ts';
import { selRecord } from '@rackwright/protocols/ipmi/sel-record.ts';
import { describeRecord } from './describe-event.ts';
import { refusedCommand } from './faults.ts';
import type { IpmiLine } from './line.ts';

/** More than any BMC keeps; also the guard against a log whose records point in a circle. */
const MOST_RECORDS = 4_096;

/** @param after  id of a record to begin with, if it is still there: a full log is thousands of questions */
export async function readEventLog(line: IpmiLine, after?: string): Promise<BmcLogEntry[]> {
  const doing = `read the event log of ${line.name}`;
  const { entries } = await line.need(doing, getSelInfo, {});
  // The count is a hint: some BMCs tell a wrong one. But an empty log may answer anything to the first question.
  if (entries === 0) return [];
  const log: BmcLogEntry[] = [];
  const seen = new Set<number>();
  let record = after !== undefined && /^\d{1,5}$/.test(after) ? Number(after) : FIRST_RECORD;
  while (log.length < MOST_RECORDS && !seen.has(record)) {
    seen.add(record);
    const told = await line.ask(doing, getSelEntry, { reservation: 0, record, offset: 0, count: WHOLE_RECORD });
    if (!told.ok && record === Number(after) && log.length === 0) {
      record = FIRST_RECORD;
      continue;
    }
    // The log was cleared, or lost its oldest record, while we read.
    if (!told.ok && told.completion === COMPLETION.notPresent) break;
    if (!told.ok) throw refusedCommand(doing, getSelEntry.name, told.completion);
    const decoded = selRecord.decode(told.value.record);
    if (decoded.ok) log.push(describeRecord(decoded.value));
    record = told.value.next;
    if (record === LAST_RECORD) break;
  }
  return log;
}
