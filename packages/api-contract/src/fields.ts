// The fields that resources are made of: names, ids, addresses, times.
import { ID_PREFIXES, type IdKind } from '@rackwright/domain/ids.ts';
import { z } from 'zod';

/** A typed id: `srv_` and 26 characters of Crockford's base 32. */
export const idOf = <K extends IdKind>(kind: K) =>
  z.templateLiteral([`${ID_PREFIXES[kind]}_`, z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/)]);

/** Letters, digits, `.`, `_` and `-`, beginning and ending with a letter or digit: good for labels, files and host names alike. */
export const name = z
  .string()
  .min(1)
  .max(63)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
    'letters, digits, "." "_" "-", beginning and ending with a letter or digit',
  )
  .meta({ examples: ['TPE1-R12-S09'] });

/** What is printed on a label: serial numbers and asset tags. No blanks at the ends, no control characters. */
export const label = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 'printable characters without blanks at the ends');

/** Six bytes in hexadecimal, however they are written; inside always lower case with colons. */
export const macKey = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/, 'six bytes in hexadecimal, with colons or hyphens');

export const toMac = (text: string): string => text.toLowerCase().replaceAll('-', ':');

export const sha256Digest = z.string().regex(/^sha256-[0-9a-f]{64}$/, 'sha256- and 64 hexadecimal digits');

export const labels = z.record(
  z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/, 'a label key'),
  z
    .string()
    .max(63)
    .regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/, 'a label value'),
);

/** UTC, RFC 3339 with Z. */
export const instant = z.iso.datetime().meta({ examples: ['2026-11-22T08:00:00.000Z'] });

/** Why somebody asked for it: shown with the operation and in the timeline. */
export const reason = z.string().max(500);

/**
 * A word that answers may use, of a set that may grow: clients must bear words that they do not know, so the schema does not close
 * the set. Requests use closed enums.
 */
export const openEnum = (known: readonly string[], description = 'Extensible: bear values that you do not know.') =>
  z.string().meta({ description, examples: [...known], 'x-known-values': [...known] });

/** At most `max` entries: records have no `.max()` of their own. */
export const atMost =
  (max: number) =>
  (map: Record<string, unknown>): boolean =>
    Object.keys(map).length <= max;

/** What every resource's answer carries beside its own fields. `version` in quotation marks is the ETag. */
export const stamps = { version: z.int(), createdAt: instant, updatedAt: instant };
