import type { Resource } from './resource.ts';
import type { FieldError } from './field-error.ts';
import { fieldErrorBody, fieldErrorReason, fieldErrorText } from './field-error.ts';
import { ApiError } from './status.ts';
import type { Status, StatusCause, StatusDetails, StatusReason } from './status.ts';

/**
 * The refusals of the API, with the codes, reasons and sentences that clients know: they decide by `reason`,
 * people read `message`. Each function returns the ApiError; the caller throws it or hands it on.
 */

/** What errors need to know of a resource. */
export type ResourceName = Pick<Resource, 'group' | 'resource'>;

/** 404: there is no object of that name. */
export function notFound(resource: ResourceName, name: string): ApiError {
  return failure(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));
}

/** 409: an object of that name exists. */
export function alreadyExists(resource: ResourceName, name: string): ApiError {
  return failure(
    409,
    'AlreadyExists',
    `${qualified(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );
}

/** 409: an object of that name exists and is on its way out. */
export function beingDeleted(resource: ResourceName, name: string): ApiError {
  const message = `object is being deleted: ${qualified(resource)} "${name}" already exists`;
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name));
}

/** The reason of a Conflict when a write was based on an older version of the object. */
const staleObject =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the write was based on another state of the object. */
export function conflict(resource: ResourceName, name: string, why: string = staleObject): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return failure(409, 'Conflict', message, detailsOf(resource, name));
}

/** 422: the object breaks rules of its kind. `kind` is the Kind, not the resource. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError {
  const qualifiedKind = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  // Two paths to the same complaint are one complaint (apimachinery's aggregate).
  const sentences = [...new Set(errors.map(fieldErrorText))];
  const [only] = sentences;
  const list = sentences.length === 1 ? (only ?? '') : `[${sentences.join(', ')}]`;
  const causes: readonly StatusCause[] = errors.map((error) => ({
    reason: fieldErrorReason(error),
    message: fieldErrorBody(error),
    field: error.field,
  }));
  return failure(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${list}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(kind.kind === '' ? {} : { kind: kind.kind }),
    causes,
  });
}

/** 422: what a patch makes of the object is not an object of its kind. */
export function invalidPatch(shown: string, why: string): ApiError {
  return invalid({ group: '', kind: '' }, '', [
    { type: 'Invalid', field: 'patch', value: shown, detail: why },
  ]);
}

/** 422: a JSON patch that cannot be applied. */
export function rejectedPatch(): ApiError {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

/** 500 without a reason: how the real server answers to a few mistakes of the client. */
export function unclassified(message: string): ApiError {
  const { reason: _, ...status } = failure(500, 'Unknown', message).status;
  return new ApiError(status);
}

/** 400: the request cannot be understood. */
export function badRequest(message: string): ApiError {
  return failure(400, 'BadRequest', message);
}

/** 401: nobody vouches for the caller. */
export function unauthorized(): ApiError {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

/** 403: the caller may not, or the rule of an admission step forbids it. `why` completes `… is forbidden: `. */
export function forbidden(
  resource: ResourceName,
  name: string,
  why: string,
  causes?: readonly StatusCause[],
): ApiError {
  const subject =
    name === '' ? `${qualified(resource)} is forbidden` : `${qualified(resource)} "${name}" is forbidden`;
  const details = detailsOf(resource, name);
  return failure(
    403,
    'Forbidden',
    `${subject}: ${why}`,
    causes === undefined ? details : { ...details, causes },
  );
}

/** 403: new objects are refused in a namespace that is being deleted. */
export function namespaceTerminating(resource: ResourceName, name: string, namespace: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  return forbidden(resource, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

/** 404: no such resource in a group and version that exist. */
export function unknownResource(): ApiError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 405: the resource exists but does not do that. */
export function methodNotAllowed(): ApiError {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** 406: the media type would do, but not with the parameters (`as=`, `g=`, `v=`) that the client insists on. */
export function notAcceptable(accepted: readonly string[]): ApiError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`;
  return failure(406, 'NotAcceptable', message);
}

/** 406: none of the media types the client accepts is produced here; refused before the resource is asked. */
export function noRepresentation(offered: readonly string[]): ApiError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${offered.join(', ')}`;
  return failure(406, 'NotAcceptable', message, {});
}

/** 409: a POST of a name that cannot be made unique. Retry: the next random suffix may be free. */
export function generateNameConflict(resource: ResourceName, name: string): ApiError {
  const message = `The  "${name}" of ${qualified(resource)} already exists; the server was unable to generate a unique name`;
  return failure(409, 'AlreadyExists', message, { ...detailsOf(resource, name), retryAfterSeconds: 1 });
}

/** 410: the requested version is no longer kept. `continueToken` lets a list go on without consistency. */
export function expired(message: string, continueToken?: string): ApiError {
  return new ApiError({
    ...failure(410, 'Expired', message).status,
    metadata: continueToken === undefined ? {} : { continue: continueToken },
  });
}

/** 413: the body is larger than the server takes. */
export function requestEntityTooLarge(limitBytes: number): ApiError {
  return requestEntityTooLargeBecause(`limit is ${limitBytes}`);
}

/** 413 for another reason than the number of bytes. */
export function requestEntityTooLargeBecause(why: string): ApiError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${why}`);
}

/** 415: the body is in a form the server cannot read. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message =
    'the body of the request was in an unknown format - accepted media types include: ' + accepted.join(', ');
  return failure(415, 'UnsupportedMediaType', message);
}

/** 415: a route that takes few types (PATCH) was given another; refused before the resource is asked. */
export function unsupportedPatchType(): ApiError {
  return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
}

/** 429: try again after `retryAfterSeconds`. */
export function tooManyRequests(message: string, retryAfterSeconds: number): ApiError {
  return failure(429, 'TooManyRequests', message, { retryAfterSeconds });
}

/** 500: something broke here, not at the caller. */
export function internal(cause: string): ApiError {
  return failure(500, 'InternalError', `Internal error occurred: ${cause}`, { causes: [{ message: cause }] });
}

/** 503: not now. */
export function serviceUnavailable(message: string): ApiError {
  return failure(503, 'ServiceUnavailable', message);
}

/** 504: the request took too long; the outcome is unknown. */
export function timeout(message: string, retryAfterSeconds: number): ApiError {
  return failure(504, 'Timeout', `Timeout: ${message}`, { retryAfterSeconds });
}

/** 504: a version from the future; the client may have spoken to a member that is ahead. */
export function timeoutTooLargeResourceVersion(requested: number, current: number): ApiError {
  return failure(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** The Status of a deed that has no object to answer with: a DELETE (200), a binding (201, no details). */
export function success(details?: StatusDetails, code = 200): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
    code,
  };
}

function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
}

/** `pods`, `deployments.apps`. */
function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** `kind` in details is the plural resource, as the real server has it. */
function detailsOf(resource: ResourceName, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.resource,
  };
}
