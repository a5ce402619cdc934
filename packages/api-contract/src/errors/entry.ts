// One row of the error catalogue.

export type ErrorEntry = {
  /** HTTP status, where the error answers a request. */
  status: number;
  /** The same for every occurrence (RFC 9457 section 3.1.3). */
  title: string;
  /** About this occurrence; `{fact}` is filled from the error's facts. */
  detail: string;
  toDo: string;
  /** Would the same request, unchanged, be worth sending again? */
  retryable: boolean;
};

export type ErrorTable = Readonly<Record<string, ErrorEntry>>;
