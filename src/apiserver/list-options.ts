import { badRequest, invalid } from '../api/errors.ts';
import type { FieldError } from '../api/field-error.ts';
import type { Resource } from '../api/resource.ts';
import { fieldPinOf, parseFieldSelector, parseLabelSelector, type FieldPin } from '../api/selector.ts';
import type { ApiObject } from '../api/types.ts';
import { isTrue } from './request-info.ts';

/** meta/v1 ListOptions: what the query of a list or a watch asks for, checked. */
export interface ListOptions {
  /** Namespace, name and selectors together. */
  readonly matches: (object: ApiObject) => boolean;
  /** What `matches` asks of one field, if it asks for one value of it. */
  readonly pin: FieldPin | undefined;
  /** Whether `matches` may refuse objects of the namespace, so that they cannot be counted by their keys. */
  readonly selective: boolean;
  readonly namespace: string | undefined;
  /** 0 = all. */
  readonly limit: number;
  readonly continueToken: string | undefined;
  /** undefined = the newest, 0 = any, N = see resourceVersionMatch. */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: 'NotOlderThan' | 'Exact' | undefined;
  readonly sendInitialEvents: boolean | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

/** @throws ApiError BadRequest or Invalid, with the real server's sentences. */
export function parseListOptions(
  query: URLSearchParams,
  resource: Resource,
  place: { readonly namespace?: string; readonly name?: string },
  verb: 'list' | 'watch',
): ListOptions {
  const labelText = query.get('labelSelector') ?? '';
  const fieldText = query.get('fieldSelector') ?? '';
  const labels = parseLabelSelector(labelText);
  if (!labels.ok) throw badRequest(labels.error);
  const fields = parseFieldSelector(fieldText, resource);
  if (!fields.ok) throw badRequest(fields.error);
  const { namespace, name } = place;
  const options: ListOptions = {
    matches: (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      (name === undefined || object.metadata.name === name) &&
      labels.value(object.metadata.labels) &&
      fields.value(object),
    pin: fieldPinOf(fieldText, resource),
    selective: labelText !== '' || fieldText !== '' || name !== undefined,
    namespace,
    limit: integerOf(query, 'limit') ?? 0,
    continueToken: query.get('continue') || undefined,
    resourceVersion: resourceVersionOf(query.get('resourceVersion')),
    resourceVersionMatch: matchOf(query.get('resourceVersionMatch')),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : undefined,
    allowWatchBookmarks: query.has('allowWatchBookmarks') && isTrue(query.get('allowWatchBookmarks')),
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
  };
  const errors = verb === 'list' ? listProblems(options) : watchProblems(options);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  return options;
}

/** A resourceVersion as a client gives it. @throws ApiError BadRequest */
export function resourceVersionOf(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  return value;
}

function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Math.max(0, Number(text));
}

function matchOf(text: string | null): ListOptions['resourceVersionMatch'] {
  if (text === null || text === '') return undefined;
  if (text === 'NotOlderThan' || text === 'Exact') return text;
  throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    {
      type: 'NotSupported',
      field: 'resourceVersionMatch',
      value: text,
      detail: 'supported values: "Exact", "NotOlderThan", ""',
    },
  ]);
}

/** apimachinery's ValidateListOptions for a list. */
function listProblems(options: ListOptions): FieldError[] {
  const { resourceVersion, resourceVersionMatch, continueToken, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  if (resourceVersionMatch !== undefined) {
    if (resourceVersion === undefined) {
      errors.push(forbiddenMatch('resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (continueToken !== undefined) {
      errors.push(forbiddenMatch('resourceVersionMatch is forbidden when continue is provided'));
    }
    if (resourceVersionMatch === 'Exact' && resourceVersion === 0) {
      errors.push(forbiddenMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.push({
      type: 'Forbidden',
      field: 'sendInitialEvents',
      detail: 'sendInitialEvents is forbidden for list',
    });
  }
  return errors;
}

/** The same for a watch. */
function watchProblems(options: ListOptions): FieldError[] {
  const { resourceVersionMatch, continueToken, sendInitialEvents } = options;
  const errors: FieldError[] = [];
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch !== undefined) {
      errors.push(
        forbiddenMatch('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
      );
    }
  } else if (resourceVersionMatch === undefined) {
    const detail = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    errors.push(forbiddenMatch(detail));
  } else if (resourceVersionMatch !== 'NotOlderThan') {
    errors.push({
      type: 'NotSupported',
      field: 'resourceVersionMatch',
      value: resourceVersionMatch,
      detail: 'supported values: "NotOlderThan"',
    });
  }
  if (continueToken !== undefined) {
    errors.push({ type: 'Forbidden', field: 'continue', detail: 'continue is forbidden for watch' });
  }
  return errors;
}

function forbiddenMatch(detail: string): FieldError {
  return { type: 'Forbidden', field: 'resourceVersionMatch', detail };
}
