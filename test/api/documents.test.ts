import { describe, expect, it } from 'vitest';

import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
} from '../../src/api/discovery.ts';
import { openApiV2, openApiV3Document, openApiV3Index } from '../../src/api/openapi.ts';
import { builtinResources } from '../../src/api/resources.ts';
import { describeRecorded, recordedJson } from './recorded.ts';

interface Served {
  readonly name: string;
  readonly storageVersionHash?: string;
}

describeRecorded('discovery', () => {
  it('lists each served resource of /api/v1 as the real server does', () => {
    const real = new Map(
      (recordedJson('recorded/golden/api-v1.json') as { resources: Served[] }).resources.map((one) => [
        one.name,
        one,
      ]),
    );
    const ours = apiResourceList(builtinResources, '', 'v1') as { readonly resources: readonly Served[] };
    expect(ours.resources.length).toBeGreaterThan(9);
    for (const one of ours.resources) {
      const { storageVersionHash: _, ...expected } = real.get(one.name)!;
      expect(one).toEqual(expected);
    }
  });

  it('says the same in the aggregated form', () => {
    interface Aggregated {
      readonly items: readonly {
        readonly metadata: unknown;
        readonly versions: readonly {
          readonly resources: readonly { resource: string; subresources?: { subresource: string }[] }[];
        }[];
      }[];
    }
    for (const root of ['api', 'apis'] as const) {
      const real = recordedJson(`recorded/golden/${root}-aggregated-v2.json`) as Aggregated;
      const ours = aggregatedDiscovery(builtinResources, root) as unknown as Aggregated;
      for (const item of ours.items) {
        const same = real.items.find((one) => JSON.stringify(one.metadata) === JSON.stringify(item.metadata));
        for (const resource of item.versions[0]!.resources) {
          const expected = same?.versions[0]!.resources.find((one) => one.resource === resource.resource);
          const names = new Set(resource.subresources?.map((one) => one.subresource));
          const { subresources, ...rest } = expected!;
          const kept = subresources?.filter((one) => names.has(one.subresource)) ?? [];
          expect(resource).toEqual(kept.length === 0 ? rest : { ...rest, subresources: kept });
        }
      }
    }
  });

  it('keeps the store keys of the real server', () => {
    const { items } = recordedJson('resources.json') as {
      items: { gv: string; resource: string; etcd?: string }[];
    };
    for (const one of builtinResources) {
      const groupVersion = one.group === '' ? one.version : `${one.group}/${one.version}`;
      const real = items.find((item) => item.gv === groupVersion && item.resource === one.resource);
      expect(`${one.storagePrefix}/`).toBe(real?.etcd);
    }
  });

  it('shows the columns of the real server', () => {
    const { items } = recordedJson('columns.json') as {
      items: { kind: string; columns: [string, string | null, number][] }[];
    };
    for (const one of builtinResources) {
      const groupVersion = one.group === '' ? one.version : `${one.group}/${one.version}`;
      const real = items.find((item) => item.kind === `${groupVersion}/${one.kind}`);
      expect(one.columns.map((column) => [column.name, column.priority])).toEqual(
        real?.columns.map(([name, , priority]) => [name, priority]),
      );
      for (const [index, [, type]] of real!.columns.entries()) {
        if (type !== null) expect(one.columns[index]?.type).toBe(type);
      }
    }
  });

  it('accepts the field selectors of the real server', () => {
    const { items } = recordedJson('fieldselectors.json') as { items: { kind: string; fields: string[] }[] };
    for (const one of builtinResources) {
      const real = items.find(
        (item) => item.kind === `${one.group === '' ? '' : `${one.group}/`}${one.version}/${one.kind}`,
      );
      expect(one.selectableFields.toSorted()).toEqual((real?.fields ?? []).toSorted());
    }
  });
});

describe('groups', () => {
  it('are those of the resources', () => {
    expect(apiVersions('10.0.0.1:6443')).toMatchObject({ versions: ['v1'] });
    expect(apiGroupList(builtinResources)['groups']).toEqual([
      expect.objectContaining({ name: 'coordination.k8s.io' }),
      expect.objectContaining({ name: 'discovery.k8s.io' }),
    ]);
    expect(apiGroup(builtinResources, 'apps')).toBeUndefined();
    expect(apiResourceList(builtinResources, 'apps', 'v1')).toBeUndefined();
  });
});

describe('OpenAPI', () => {
  interface Document {
    readonly paths: Record<
      string,
      Record<string, { parameters: { name: string }[]; 'x-kubernetes-group-version-kind': unknown }>
    >;
    readonly components: { readonly schemas: Record<string, unknown> };
  }

  it('tells kubectl that PATCH validates fields', () => {
    const document = openApiV3Document(builtinResources, 'api/v1') as unknown as Document;
    const { patch } = document.paths['/api/v1/namespaces/{namespace}/pods/{name}']!;
    expect(patch?.['x-kubernetes-group-version-kind']).toEqual({ group: '', kind: 'Pod', version: 'v1' });
    expect(patch?.parameters.map((one) => one.name)).toContain('fieldValidation');
  });

  it('points only at what it holds', () => {
    for (const path of ['api/v1', 'apis/coordination.k8s.io/v1', 'apis/discovery.k8s.io/v1']) {
      const document = openApiV3Document(builtinResources, path) as unknown as Document;
      const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
      expect(references.length).toBeGreaterThan(10);
      for (const [, name] of references) expect(document.components.schemas).toHaveProperty([name!]);
    }
    const definitions = openApiV2(builtinResources)['definitions'] as Record<string, unknown>;
    const references = JSON.stringify(openApiV2(builtinResources)).matchAll(
      /"\$ref":"#\/definitions\/([^"]+)"/g,
    );
    for (const [, name] of references) expect(definitions).toHaveProperty([name!]);
  });

  it('has an entry per group and version', () => {
    const index = openApiV3Index(builtinResources, () => 'CAFE');
    expect(index['paths']).toEqual({
      'api/v1': { serverRelativeURL: '/openapi/v3/api/v1?hash=CAFE' },
      'apis/coordination.k8s.io/v1': {
        serverRelativeURL: '/openapi/v3/apis/coordination.k8s.io/v1?hash=CAFE',
      },
      'apis/discovery.k8s.io/v1': { serverRelativeURL: '/openapi/v3/apis/discovery.k8s.io/v1?hash=CAFE' },
    });
    expect(openApiV3Document(builtinResources, 'apis/apps/v1')).toBeUndefined();
  });
});
