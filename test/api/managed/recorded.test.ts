import { expect, it } from 'vitest';

import { mapOf } from '../../../src/api/json.ts';
import type { JsonMap } from '../../../src/api/json.ts';
import { fieldSetFromV1, pathText } from '../../../src/api/managed/field-set.ts';
import { afterUpdate, apply } from '../../../src/api/managed/managers.ts';
import type { Managers } from '../../../src/api/managed/managers.ts';
import { applyMergePatch } from '../../../src/api/patch.ts';
import { canonicalize } from '../../../src/api/schema/canonical.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import { structNamed } from '../../../src/api/schema/library.ts';
import type { Struct } from '../../../src/api/schema/schema.ts';
import { describeRecorded, recordedText } from '../recorded.ts';

interface Case {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly body?: JsonMap;
  readonly ct?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly id: string;
  readonly status: number;
  readonly body?: JsonMap;
}

/** Objects whose ownership the schema alone decides: no allocator and no admission writes into them. */
const kinds: Readonly<Record<string, string>> = {
  configmaps: 'v1.ConfigMap',
  deployments: 'apps/v1.Deployment',
  roles: 'rbac.authorization.k8s.io/v1.Role',
};

interface State {
  readonly object: JsonMap;
  readonly managers: Managers;
}

describeRecorded('fields and their managers, as the real server tells them', () => {
  const answers = new Map(lines<Answer>('wire/golden.jsonl').map((answer) => [answer.id, answer]));
  const states = new Map<string, State>();
  let compared = 0;
  for (const one of lines<Case>('wire/cases.jsonl').filter(({ id }) => id.startsWith('ssa-'))) {
    const url = new URL(one.path, 'http://server');
    const [, , resource = '', name = '', sub] =
      /namespaces\/([^/]+)\/([^/]+)\/?([^/]*)\/?(.*)$/.exec(url.pathname) ?? [];
    const type = kinds[resource];
    const agent = Object.entries(one.headers ?? {}).find(([header]) => /^user-agent$/i.test(header))?.[1];
    // Who does not say is called by the program's name.
    const manager = url.searchParams.get('fieldManager') ?? (agent === '' ? 'unknown' : agent?.split('/')[0]);
    const isWrite = one.method === 'PATCH' || one.method === 'POST' || one.method === 'PUT';
    if (type === undefined || manager === undefined || one.body === undefined || !isWrite || sub) continue;
    const answer = answers.get(one.id);
    if (answer !== undefined && ![200, 201, 409].includes(answer.status)) continue;
    if (answer?.status === 409 && !String(answer.body?.['message']).startsWith('Apply failed')) continue;
    it(one.id, () => {
      const struct = structNamed(type);
      const key = `${resource}/${name || String(mapOf(one.body?.['metadata'])['name'])}`;
      const before = states.get(key) ?? { object: whole({}, struct), managers: new Map() };
      const force = ['true', 'maybe'].includes(url.searchParams.get('force') ?? '');
      if (one.ct !== 'application/apply-patch+yaml') {
        const patched = one.method === 'PATCH' ? applyMergePatch(before.object, one.body) : one.body;
        const object = whole(patched as JsonMap, struct);
        const managers = afterUpdate(before.object, object, struct, before.managers, `${manager} Update`);
        states.set(key, { object, managers });
      } else {
        // An apply to the object itself says nothing of its status.
        const { status: _, ...applied } = one.body ?? {};
        const result = apply(before.object, applied, struct, before.managers, `${manager} Apply`, force);
        if (!result.ok) {
          expect(answer?.status).toBe(409);
          const causes = (mapOf(answer?.body?.['details'])['causes'] as JsonMap[]).map(({ field }) => field);
          expect([...result.error.values()].flatMap((set) => [...set.paths()].map(pathText))).toEqual(causes);
          compared++;
          return;
        }
        states.set(key, { object: whole(result.value.object, struct), managers: result.value.managers });
      }
      if (answer?.body === undefined) return;
      expect(answer.status).not.toBe(409);
      const after = states.get(key)!;
      const entries = managedFieldsOf(answer.body);
      if (entries !== undefined) {
        expect(textsOf(after.managers)).toEqual(
          Object.fromEntries(
            entries.map((entry) => [
              `${String(entry['manager'])} ${String(entry['operation'])}`,
              JSON.stringify(fieldSetFromV1(entry['fieldsV1'])?.toFieldsV1()),
            ]),
          ),
        );
        compared++;
      }
      for (const field of ['data', 'rules']) {
        if ('kind' in answer.body) expect(after.object[field]).toEqual(answer.body[field]);
      }
    });
  }

  it('was compared often enough', () => {
    expect(compared).toBeGreaterThan(10);
  });
});

function whole(object: JsonMap, struct: Struct): JsonMap {
  const first = canonicalize(object, struct);
  if (!first.ok) throw new Error(first.error);
  const second = canonicalize(withDefaults(first.value.value, struct), struct);
  if (!second.ok) throw new Error(second.error);
  return second.value.value;
}

function managedFieldsOf(body: JsonMap): readonly JsonMap[] | undefined {
  return (body['/metadata/managedFields'] ?? mapOf(body['metadata'])['managedFields']) as
    | JsonMap[]
    | undefined;
}

function textsOf(managers: Managers): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...managers].map(([name, { fields }]) => [name, JSON.stringify(fields.toFieldsV1())]),
  );
}

function lines<T>(path: string): T[] {
  return recordedText(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
