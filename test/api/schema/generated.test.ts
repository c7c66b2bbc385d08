import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

import { allStructs, isKnownType, structNamed } from '../../../src/api/schema/library.ts';
import { allResourceFacts, resourceFacts } from '../../../src/api/schema/resource-facts.ts';
import { typeName } from '../../../src/api/schema/schema.ts';
import { generate } from '../../../src/cli/api-generator/generate.ts';
import type { Source } from '../../../src/cli/api-generator/source.ts';
import { describeRecorded, recordedJson } from '../recorded.ts';

const folder = resolve(import.meta.dirname, '../../../src/api/schema/generated');

describeRecorded('the generated schema', () => {
  it('is what the facts give, file by file', () => {
    const files = generate({
      types: recordedJson('types.json') as Source['types'],
      resources: recordedJson('resources.json') as Source['resources'],
      columns: recordedJson('columns.json') as Source['columns'],
      fieldSelectors: recordedJson('fieldselectors.json') as Source['fieldSelectors'],
    });
    expect([...files.keys()].toSorted()).toEqual(readdirSync(folder).toSorted());
    for (const [name, text] of files) expect(readFileSync(resolve(folder, name), 'utf8')).toBe(text);
  });
});

it('reads every type, and every reference in it', () => {
  for (const struct of allStructs()) {
    for (const [index, field] of struct.fields.entries()) {
      expect(field.index, `${struct.name}.${field.name}`).toBe(index);
      if (field.type.kind === 'struct') expect(field.type.struct.name).toBe(field.type.name);
    }
  }
});

it('knows lists, patches, defaults and values', () => {
  const containers = structNamed('v1.PodSpec').byName.get('containers');
  expect(containers).toMatchObject({
    type: { kind: 'list', listType: 'map', listMapKeys: ['name'] },
    patchStrategies: ['merge'],
    patchMergeKey: 'name',
    required: true,
  });
  expect(structNamed('v1.ServicePort').byName.get('protocol')).toMatchObject({
    default: 'TCP',
    type: { scalar: 'string', name: 'v1.Protocol' },
  });
  expect(structNamed('v1.AzureDiskVolumeSource').byName.get('kind')).toMatchObject({
    default: 'Shared',
    type: { values: ['Shared', 'Dedicated', 'Managed'], closed: true },
  });
  expect(structNamed('v1.Volume').parts).toMatchObject([
    { name: 'name', number: 1 },
    { number: 2, offset: 1 },
  ]);
});

it('knows every resource that a default server serves', () => {
  const all = allResourceFacts();
  expect(all.length).toBeGreaterThanOrEqual(68);
  for (const { group, version, kind, columns } of all) {
    expect(isKnownType(typeName(group, version, kind)), kind).toBe(true);
    expect(columns[0]?.name).toBeDefined();
  }
  expect(resourceFacts('v1', 'replicationcontrollers')).toMatchObject({
    kind: 'ReplicationController',
    shortNames: ['rc'],
    storagePrefix: '/registry/controllers',
    selectableFields: ['status.replicas'],
    subresources: [
      { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale' },
      { name: 'status', group: '', version: 'v1', kind: 'ReplicationController' },
    ],
  });
});
