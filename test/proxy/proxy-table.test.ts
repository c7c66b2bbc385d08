import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { EndpointSlice, Service } from '../../src/api/types.ts';
import { buildProxyTable, diffProxyTables } from '../../src/proxy/proxy-table.ts';
import type { ProxyTable } from '../../src/proxy/proxy-table.ts';
import { ruleOf, serviceOf, sliceOf } from './objects.ts';

/** A table in lines: `127.96.0.10:80/TCP default/web -> 127.20.0.2:8080`. */
function linesOf(table: ProxyTable): string[] {
  return table.map(({ key, service, endpoints, affinitySeconds }) => {
    const targets = endpoints.map(({ ip, port }) => `${ip}:${port}`).join(' ');
    const affinity = affinitySeconds === undefined ? '' : ` (affinity ${affinitySeconds} s)`;
    return `${key} ${service} -> ${targets}${affinity}`;
  });
}

describe('the proxy table', () => {
  const cases: readonly (readonly [string, Service[], EndpointSlice[], string[]])[] = [
    [
      'ready endpoints, in order, without doubles',
      [serviceOf()],
      [sliceOf(['127.20.0.3', '127.20.0.2']), sliceOf(['127.20.0.3', '!127.20.0.4'])],
      ['127.96.0.10:80/TCP default/web -> 127.20.0.2:8080 127.20.0.3:8080'],
    ],
    [
      'no endpoints',
      [serviceOf()],
      [sliceOf(['!127.20.0.2']), sliceOf(['127.20.0.9'], undefined, 'other')],
      ['127.96.0.10:80/TCP default/web -> '],
    ],
    [
      'terminating ones only when none is ready',
      [serviceOf()],
      [sliceOf(['~127.20.0.2', '!127.20.0.3'])],
      ['127.96.0.10:80/TCP default/web -> 127.20.0.2:8080'],
    ],
    [
      'terminating ones not when one is ready',
      [serviceOf()],
      [sliceOf(['~127.20.0.2', '127.20.0.3'])],
      ['127.96.0.10:80/TCP default/web -> 127.20.0.3:8080'],
    ],
    [
      'ports by name and protocol',
      [
        serviceOf({
          ports: [
            { name: 'http', port: 80 },
            { name: 'dns', port: 53, protocol: 'UDP' },
          ],
        }),
      ],
      [
        sliceOf(
          ['127.20.0.2'],
          [
            { name: 'http', port: 8080 },
            { name: 'dns', port: 5353, protocol: 'UDP' },
          ],
        ),
        sliceOf(
          ['127.20.0.3'],
          [
            { name: 'http', port: 9090 },
            { name: 'dns', port: 53 },
          ],
        ),
      ],
      [
        '127.96.0.10:53/UDP default/web:dns -> 127.20.0.2:5353',
        '127.96.0.10:80/TCP default/web:http -> 127.20.0.2:8080 127.20.0.3:9090',
      ],
    ],
    [
      'affinity',
      [serviceOf({ sessionAffinity: 'ClientIP' })],
      [sliceOf(['127.20.0.2'])],
      ['127.96.0.10:80/TCP default/web -> 127.20.0.2:8080 (affinity 10800 s)'],
    ],
    [
      'services without an address have no rules',
      [
        serviceOf({ clusterIP: 'None' }),
        serviceOf({ clusterIP: '' }, 'b'),
        serviceOf({ type: 'ExternalName' }, 'c'),
      ],
      [sliceOf(['127.20.0.2'])],
      [],
    ],
  ];
  it.each(cases)('%s', (_name, services, slices, expected) => {
    expect(linesOf(buildProxyTable(services, slices))).toEqual(expected);
  });

  it('does not depend on the order it is told in', () => {
    const services = ['a', 'b', 'c'].map((name, index) =>
      serviceOf({ clusterIP: `127.96.0.${index + 1}` }, name),
    );
    const slices = ['a', 'b', 'c'].flatMap((name) => [
      sliceOf(['127.20.0.2', '127.20.0.3'], undefined, name),
      sliceOf(['127.20.0.4'], undefined, name),
    ]);
    const expected = buildProxyTable(services, slices);
    const shuffled = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });
    fc.assert(
      fc.property(shuffled(services), shuffled(slices), (someServices, someSlices) => {
        expect(buildProxyTable(someServices, someSlices)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

it('a difference, applied, makes the one table the other', () => {
  const rule = fc.record({ address: fc.integer({ min: 1, max: 5 }), endpoints: fc.subarray([2, 3, 4]) });
  const table = fc.uniqueArray(rule, { selector: ({ address }) => address }).map((rules): ProxyTable =>
    rules.map(({ address, endpoints }) =>
      ruleOf(
        endpoints.map((host) => ({ ip: `127.20.0.${host}`, port: 8080 })),
        { key: `127.96.0.${address}:80/TCP`, clusterIP: `127.96.0.${address}` },
      ),
    ),
  );
  fc.assert(
    fc.property(table, table, (before, after) => {
      const change = diffProxyTables(before, after);
      const result = new Map(before.map((each) => [each.key, each]));
      for (const key of change.removed) expect(result.delete(key)).toBe(true);
      for (const each of change.set) {
        expect(result.get(each.key)).not.toEqual(each);
        result.set(each.key, each);
      }
      expect(new Set(result.values())).toEqual(new Set(after));
    }),
  );
});
