// Rack units, counted from 1 at the bottom, in steps of a half.

/** What is filled from `uPosition` on, as people say it: `12`, `12-13`; with halves `12.5`, `12-12.5`. */
export function sayUnits(uPosition: number, uHeight: number): string {
  const step = Number.isInteger(uPosition) && Number.isInteger(uHeight) ? 1 : 0.5;
  return uHeight <= step ? `${uPosition}` : `${uPosition}-${uPosition + uHeight - step}`;
}

/** The highest unit that is needed, which a rack must at least be high; 2.5 units from 1 need 3 (a half unit needs all of its unit). */
export function topUnit(uPosition: number, uHeight: number): number {
  return Math.ceil(uPosition + uHeight - 1);
}
