// What servers can be filtered by.
import { STATES } from '@rackwright/domain/server-lifecycle/table.ts';
import { type FilterFields, parseFilter, type ParsedFilter } from './parse-filter.ts';

export const SERVER_FILTER_FIELDS = {
  state: Object.keys(STATES),
  name: 'any',
  serial: 'any',
  assetTag: 'any',
  site: 'any',
  rack: 'any',
  room: 'any',
  row: 'any',
  network: 'any',
  cluster: 'any',
  'label.': 'any',
} as const satisfies FilterFields;

export const parseServerFilter = (text: string): ParsedFilter => parseFilter(text, SERVER_FILTER_FIELDS);
