// RMCP+ Open Session Request and Response (IPMI 2.0 §13.17, §13.18): session ids and the cipher suite, before any key.
import type { ByteReader } from '../bytes/byte-reader.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';
import { type Body, openBody } from './body.ts';

//   request   | tag | privilege | 0 0 | console's session id 4 | three algorithm records of 8
//   response  | tag | status | privilege | 0 | console's id 4 | BMC's id 4 | three records; ends after the console's id on refusal
//   record    | 00 auth, 01 integrity, 02 confidentiality | 0 0 | 08 | algorithm | 0 0 0
export type Algorithms = { authentication: number; integrity: number; confidentiality: number };

export type OpenSessionRequest = { tag: number; privilege: number; consoleSessionId: number; algorithms: Algorithms };

export type OpenSessionResponse =
  | { accepted: true; tag: number; privilege: number; consoleSessionId: number; bmcSessionId: number; algorithms: Algorithms }
  /** OpenIPMI's simulator ends a refusal after the status, without saying whose session it was. */
  | { accepted: false; tag: number; status: number; consoleSessionId?: number };

export const openSessionRequest: Body<OpenSessionRequest> = openBody(
  (r) => {
    const [tag, privilege] = [r.u8(), r.u8()];
    r.skip(2);
    return { tag, privilege, consoleSessionId: r.u32le(), algorithms: readAlgorithms(r) };
  },
  (w, { tag, privilege, consoleSessionId, algorithms }) => {
    w.u8(tag).u8(privilege).zeros(2).u32le(consoleSessionId);
    writeAlgorithms(w, algorithms);
  },
);

export const openSessionResponse: Body<OpenSessionResponse> = openBody(
  (r): OpenSessionResponse => {
    const [tag, status] = [r.u8(), r.u8()];
    if (status !== 0 && r.done) return { accepted: false, tag, status };
    const privilege = r.u8();
    r.skip(1);
    const consoleSessionId = r.u32le();
    if (status !== 0) return { accepted: false, tag, status, consoleSessionId };
    return { accepted: true, tag, privilege, consoleSessionId, bmcSessionId: r.u32le(), algorithms: readAlgorithms(r) };
  },
  (w, response) => {
    if (!response.accepted) {
      w.u8(response.tag).u8(response.status);
      if (response.consoleSessionId !== undefined) w.zeros(2).u32le(response.consoleSessionId);
      return;
    }
    w.u8(response.tag).u8(0).u8(response.privilege).u8(0).u32le(response.consoleSessionId).u32le(response.bmcSessionId);
    writeAlgorithms(w, response.algorithms);
  },
);

function readAlgorithms(r: ByteReader): Algorithms {
  return { authentication: readRecord(r, 0), integrity: readRecord(r, 1), confidentiality: readRecord(r, 2) };
}

function readRecord(r: ByteReader, kind: number): number {
  if (r.u8() !== kind) r.fail('algorithm records out of order');
  r.skip(2);
  const length = r.u8();
  const algorithm = r.u8() & 0x3f;
  r.skip(3);
  // Length 0 is the wildcard "whatever you like best"; we name what we want and refuse to guess.
  if (length !== 8) r.fail('an algorithm record that names none');
  return algorithm;
}

function writeAlgorithms(w: ByteWriter, algorithms: Algorithms): void {
  const { authentication, integrity, confidentiality } = algorithms;
  for (const [kind, algorithm] of [authentication, integrity, confidentiality].entries()) {
    w.u8(kind).zeros(2).u8(8).u8(algorithm).zeros(3);
  }
}
