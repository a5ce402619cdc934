// Kubernetes' Status objects: how the simulated API server says no.

/** Thrown by the verbs and turned into an HTTP answer in one place. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly body: object;
  constructor(status: number, reason: string, message: string, causes: { reason: string; message: string }[] = []) {
    super(message);
    this.status = status;
    const details = causes.length > 0 ? { details: { causes } } : {};
    this.body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code: status, ...details };
  }
}

export const notFound = (what: string) => new ApiRefusal(404, 'NotFound', `${what} not found`);
export const conflict = (what: string, why: string) =>
  new ApiRefusal(409, 'Conflict', `Operation cannot be fulfilled on ${what}: ${why}`);
export const alreadyExists = (what: string) => new ApiRefusal(409, 'AlreadyExists', `${what} already exists`);
export const badRequest = (why: string) => new ApiRefusal(400, 'BadRequest', why);
export const invalid = (why: string) => new ApiRefusal(422, 'Invalid', why);
export const gone = (why: string) => new ApiRefusal(410, 'Expired', why);

export const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
