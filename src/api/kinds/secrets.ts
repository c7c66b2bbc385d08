import { encodeUtf8 } from '../../base/bytes.ts';
import { encodeBase64 } from '../../base/base64.ts';
import type { FieldError } from '../field-error.ts';
import { mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { dnsSubdomainProblems } from '../names.ts';
import { dataLength } from '../object-meta.ts';
import type { Resource } from '../resource.ts';
import { ageOf, nameOf } from './cells.ts';
import { tooMuchData, validateDataKey, validateImmutable } from './configmaps.ts';
import { define, withParts } from './define.ts';

const dataMaxBytes = 1024 * 1024;

/** The keys that a type cannot do without. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

export const secrets: Resource = define('v1', 'secrets', {
  cells: (object, nowMillis) => [
    nameOf(object),
    textOf(object['type']),
    Object.keys(mapOf(object['data'])).length,
    ageOf(object, nowMillis),
  ],
  nameProblems: dnsSubdomainProblems,
  defaults(object) {
    const { stringData, ...rest } = object;
    const texts = Object.entries(mapOf(stringData)).map(([key, text]) => [
      key,
      encodeBase64(encodeUtf8(textOf(text))),
    ]);
    return withParts(rest, {
      type: textOf(object['type']) || 'Opaque',
      data: { ...mapOf(object['data']), ...Object.fromEntries(texts) },
    });
  },
  validate: validateSecret,
  validateUpdate(object, old) {
    const errors = validateImmutable(object, old, ['data']);
    if (object['type'] !== old['type']) {
      errors.push({ type: 'Invalid', field: 'type', value: object['type'], detail: 'field is immutable' });
    }
    return errors;
  },
});

function validateSecret(object: JsonMap): FieldError[] {
  const data = mapOf(object['data']);
  const errors: FieldError[] = Object.keys(data).flatMap((key) => validateDataKey(key, 'data'));
  if (dataLength({}, data) > dataMaxBytes) errors.push(tooMuchData('data'));
  const type = textOf(object['type']);
  const missing = (key: string): void => {
    if (!Object.hasOwn(data, key)) errors.push({ type: 'Required', field: `data[${key}]`, detail: '' });
  };
  for (const key of requiredKeys[type] ?? []) missing(key);
  if (
    type === 'kubernetes.io/basic-auth' &&
    !Object.hasOwn(data, 'username') &&
    !Object.hasOwn(data, 'password')
  ) {
    missing('username');
    missing('password');
  }
  const account = 'kubernetes.io/service-account.name';
  if (type === 'kubernetes.io/service-account-token') {
    const annotations = mapOf(mapOf(object['metadata'])['annotations']);
    if (textOf(annotations[account]) === '') {
      errors.push({ type: 'Required', field: `metadata.annotations[${account}]`, detail: '' });
    }
  }
  return errors;
}
