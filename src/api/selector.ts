import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { Resource } from './resource.ts';
import type { ApiObject, LabelSelector } from './types.ts';

export type Labels = Readonly<Record<string, string>>;

/** Whether an object with these labels is selected. */
export type LabelMatcher = (labels: Labels | undefined) => boolean;

/** Whether an object is selected by its fields. */
export type FieldMatcher = (object: ApiObject) => boolean;

/** The matcher of a `labelSelector` parameter; the error is the sentence of the 400. */
export function parseLabelSelector(text: string): Result<LabelMatcher, string> {
  if (text.trim() === '') return ok(() => true);
  return err('not yet');
}

export function matchesLabelSelector(_selector: LabelSelector, _labels: Labels | undefined): boolean {
  return true;
}

/** The matcher of a `fieldSelector` parameter; the error is the sentence of the 400. */
export function parseFieldSelector(text: string, _resource: Resource): Result<FieldMatcher, string> {
  if (text.trim() === '') return ok(() => true);
  return err('not yet');
}

/** The one value that `field` must have for an object to be selected, if the selector says so with `=`. */
export function requiredFieldValue(_text: string, _field: string): string | undefined {
  return undefined;
}
