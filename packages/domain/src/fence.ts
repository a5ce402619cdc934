// Proof that a machine is off: the only thing that allows its Node object to be deleted.
import { seconds } from './durations.ts';

declare const proven: unique symbol;

/** Either two sightings of `off` by the BMC, at least five seconds apart, or a named person's word. */
export type FenceProof = { readonly [proven]: true } & (
  | { kind: 'seen_off_twice'; firstAt: string; secondAt: string }
  | { kind: 'confirmed_by_person'; person: string; evidence: string; at: string }
);

/** An unreachable BMC is never proof; nor are two sightings in one breath, which may be one cached answer. */
export function seenOffTwice(firstAt: string, secondAt: string): FenceProof | undefined {
  if (Date.parse(secondAt) - Date.parse(firstAt) < seconds(5)) return undefined;
  return { kind: 'seen_off_twice', firstAt, secondAt } as FenceProof;
}

/** @param evidence  what the person saw or did: "both power cords pulled, rack R1 U05" */
export function confirmedByPerson(person: string, evidence: string, at: string): FenceProof | undefined {
  if (person.trim() === '' || evidence.trim() === '') return undefined;
  return { kind: 'confirmed_by_person', person, evidence, at } as FenceProof;
}
