// What every kind of thing in the inventory can do: pages, versions, create, get, change, delete.

/** `after` is what an earlier page gave as `next`; opaque to the API. */
export type PageRequest = { limit: number; after: string | null };
export type Page<T> = { items: T[]; next: string | null };

/** What the caller saw last; `any` is the explicit opt-out (If-Match: *). Else Refusal `precondition_failed` {current}. */
export type Expected = number | 'any';

export type Stamps = { version: number; createdAt: string; updatedAt: string };

/** Each throws Refusal `not_found`; creating and changing throw `name_taken` and what their constraints say. */
export interface Collection<Id extends string, R, New, Change> {
  create(id: Id, input: New): Promise<R>;
  get(id: Id): Promise<R>;
  /** Undefined members are left as they are; null clears. One transaction: all or nothing. */
  update(id: Id, expected: Expected, change: Change): Promise<R>;
  /** Refusal `still_in_use` while something depends on it. */
  delete(id: Id, expected: Expected): Promise<void>;
}
