// The messages inside a Redfish error body (DSP0266 §8.6), with the registry's name and version taken off: those differ by BMC.
import type { RedfishDocument } from './documents.ts';
import { asDocument, list, part, text, texts } from './documents.ts';

export type ExtendedMessage = { id: string; text: string; args: string[] };

const MAX_MESSAGES = 5;
const MAX_TEXT = 200;

export function extendedMessages(body: RedfishDocument): ExtendedMessage[] {
  const error = part(body, 'error');
  const listed = [...list(error, '@Message.ExtendedInfo'), ...list(body, '@Message.ExtendedInfo')].map(asDocument);
  // Some answer with `error.code` and `error.message` only.
  const entries = listed.length > 0 ? listed : [{ MessageId: text(error, 'code'), Message: text(error, 'message') }];
  return entries
    .slice(0, MAX_MESSAGES)
    .map((entry) => ({
      id: bareId(text(entry, 'MessageId')),
      text: text(entry, 'Message').slice(0, MAX_TEXT),
      args: texts(entry, 'MessageArgs'),
    }))
    .filter(({ id, text: words }) => id !== '' || words !== '');
}

/** `Base.1.8.InsufficientPrivilege` -> `InsufficientPrivilege`, `IDRAC.2.7.SYS518` -> `SYS518`. */
function bareId(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1);
}
