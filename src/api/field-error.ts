/** What kind of rule a field broke; decides the words before the detail (apimachinery's `field.ErrorType`). */
export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'NotSupported'
  | 'Duplicate'
  | 'Forbidden'
  | 'TooLong'
  | 'TooMany'
  | 'NotFound'
  | 'TypeInvalid';

/** One broken rule, with the path of the field that broke it: `spec.containers[0].name`. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly detail: string;
  /** The offending value; shown for Invalid, NotSupported, Duplicate and NotFound. */
  readonly value?: unknown;
}

const words: Readonly<
  Record<FieldErrorType, { readonly reason: string; readonly text: string; readonly showsValue: boolean }>
> = {
  Required: { reason: 'FieldValueRequired', text: 'Required value', showsValue: false },
  Invalid: { reason: 'FieldValueInvalid', text: 'Invalid value', showsValue: true },
  NotSupported: { reason: 'FieldValueNotSupported', text: 'Unsupported value', showsValue: true },
  Duplicate: { reason: 'FieldValueDuplicate', text: 'Duplicate value', showsValue: true },
  Forbidden: { reason: 'FieldValueForbidden', text: 'Forbidden', showsValue: false },
  TooLong: { reason: 'FieldValueTooLong', text: 'Too long', showsValue: false },
  TooMany: { reason: 'FieldValueTooMany', text: 'Too many', showsValue: false },
  NotFound: { reason: 'FieldValueNotFound', text: 'Not found', showsValue: true },
  TypeInvalid: { reason: 'FieldValueTypeInvalid', text: 'Invalid value', showsValue: true },
};

/** The `reason` of the Status cause. */
export function fieldErrorReason(error: FieldError): string {
  return words[error.type].reason;
}

/** The sentence without the path: `Invalid value: "X": must be lower case`. */
export function fieldErrorBody(error: FieldError): string {
  const { text, showsValue } = words[error.type];
  const value = showsValue ? `: ${showValue(error.value)}` : '';
  return error.detail === '' ? `${text}${value}` : `${text}${value}: ${error.detail}`;
}

/** The whole sentence: `metadata.name: Required value: name or generateName is required`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** Strings are quoted as Go's %q does, null stands for a nil pointer, and the rest is JSON. */
function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return JSON.stringify(value);
}
