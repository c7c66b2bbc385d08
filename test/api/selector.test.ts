import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';

import { pods } from '../../src/api/kinds/pods.ts';
import { configMaps } from '../../src/api/kinds/configmaps.ts';
import { nodes } from '../../src/api/kinds/nodes.ts';
import { matchesLabelSelector, parseFieldSelector, parseLabelSelector } from '../../src/api/selector.ts';
import type { ApiObject } from '../../src/api/types.ts';

function selects(text: string, labels: Record<string, string>): boolean | string {
  const matcher = parseLabelSelector(text);
  return matcher.ok ? matcher.value(labels) : matcher.error;
}

describe('label selectors', () => {
  it.each([
    ['', {}, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'b' }, true],
    ['a=b', { a: 'c' }, false],
    ['a=b', {}, false],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['!a', {}, true],
    ['a=', { a: '' }, true],
    ['a=', {}, false],
    ['a in (x,y)', { a: 'y' }, true],
    ['a in (x, y)', { a: 'z' }, false],
    ['a notin (x,y)', {}, true],
    ['a notin (x,y)', { a: 'x' }, false],
    ['a in ()', { a: '' }, true],
    ['tier<3', { tier: '1' }, true],
    ['tier>3', { tier: '5' }, true],
    ['tier>3', { tier: 'x' }, false],
    ['ex.io/k=v,a', { 'ex.io/k': 'v', a: '1' }, true],
    ['in=out', { in: 'out' }, true],
    ['constructor', {}, false],
  ] as const)('%s on %j is %s', (text, labels, expected) => {
    expect(selects(text, labels)).toBe(expected);
  });

  const keyRule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  it.each([
    ['=x', "found '=', expected: !, identifier, or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['-x=1', `unable to parse requirement: <nil>: Invalid value: "-x": ${keyRule}`],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a===', "unable to parse requirement: found '=', expected: identifier"],
    [
      'tier>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=b,', "found '', expected: identifier after ','"],
  ])('%s is refused', (text, sentence) => {
    expect(selects(text, {})).toBe(sentence);
  });

  it('agrees with the selectors in objects', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const operator = fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist');
    fc.assert(
      fc.property(
        word,
        operator,
        fc.uniqueArray(word, { minLength: 1 }),
        fc.dictionary(word, word),
        (key, op, values, labels) => {
          const texts = {
            In: `${key} in (${values.join(',')})`,
            NotIn: `${key} notin (${values.join(',')})`,
            Exists: key,
            DoesNotExist: `!${key}`,
          };
          const operatorName = op as keyof typeof texts;
          const expression = {
            key,
            operator: operatorName,
            ...(texts[operatorName].includes('(') ? { values } : {}),
          };
          expect(matchesLabelSelector({ matchExpressions: [expression] }, labels)).toBe(
            selects(texts[operatorName], labels),
          );
        },
      ),
    );
  });
});

describe('field selectors', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { nodeName: 'n1' },
    status: { phase: 'Running' },
  } as unknown as ApiObject;

  it.each([
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name!=web', false],
    ['metadata.name==web,spec.nodeName=n1', true],
    ['spec.host=n1', true],
    ['spec.nodeName=', false],
    ['spec.hostNetwork=false', true],
    ['status.phase!=Succeeded,status.phase!=Failed', true],
  ])('%s is %s', (text, expected) => {
    const matcher = parseFieldSelector(text, pods);
    expect(matcher.ok && matcher.value(pod)).toBe(expected);
  });

  it('names what it does not know', () => {
    expect(parseFieldSelector('spec.bogus=1', pods)).toMatchObject({
      error: 'field label not supported: spec.bogus',
    });
    expect(parseFieldSelector('spec.bogus=1', configMaps)).toMatchObject({
      error: '"spec.bogus" is not a known field selector: only "metadata.name", "metadata.namespace"',
    });
    expect(parseFieldSelector('metadata.name', pods)).toMatchObject({
      error: "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
    });
    expect(parseFieldSelector('metadata.namespace=x', nodes).ok).toBe(false);
  });
});
