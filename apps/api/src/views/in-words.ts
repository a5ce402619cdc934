// What went wrong or stands in the way, in the catalogue's words.
import { errorEntry, sayDetail } from '@rackwright/api-contract/errors.ts';
import type { Facts } from '@rackwright/domain/errors.ts';

export function inWords({ code, facts }: { code: string; facts: Facts }) {
  const { title, toDo } = errorEntry(code);
  return { code, title, detail: sayDetail(code, facts), whatToDo: toDo, params: { ...facts } };
}
