import { describe, expect, it } from 'vitest';

import type { Taint, Toleration } from '../../src/api/types.ts';
import { tolerates } from '../../src/api/toleration.ts';
import { stayMillis } from '../../src/controllers/tolerations.ts';

const unreachable: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
const dedicated: Taint = { key: 'dedicated', value: 'db', effect: 'NoExecute' };
const given: Toleration = {
  key: unreachable.key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
};

describe('tolerates', () => {
  it.each<[string, Toleration, Taint, boolean]>([
    ['equal key and value', { key: 'dedicated', value: 'db' }, dedicated, true],
    ['another value', { key: 'dedicated', value: 'web' }, dedicated, false],
    ['exists asks for no value', { key: 'dedicated', operator: 'Exists' }, dedicated, true],
    ['another key', { key: 'other', operator: 'Exists' }, dedicated, false],
    ['no key and exists is for all', { operator: 'Exists' }, dedicated, true],
    ['no key and equal is for none', { value: 'db' }, dedicated, false],
    ['another effect', { key: 'dedicated', value: 'db', effect: 'NoSchedule' }, dedicated, false],
  ])('%s', (_name, toleration, taint, expected) => {
    expect(tolerates(toleration, taint)).toBe(expected);
  });
});

describe('stayMillis', () => {
  it.each<[string, Toleration[], Taint[], number | undefined]>([
    ['without taints for ever', [], [], undefined],
    ['beside a NoSchedule taint for ever', [], [{ ...dedicated, effect: 'NoSchedule' }], undefined],
    ['beside a taint it does not tolerate not at all', [given], [dedicated], 0],
    ['one of two taints is not tolerated: not at all', [given], [unreachable, dedicated], 0],
    ['tolerated without a time: for ever', [{ operator: 'Exists' }], [unreachable, dedicated], undefined],
    ['the default toleration is worth what the profile says', [given], [unreachable], 2_000],
    ['so is having none for a node that fell silent', [], [unreachable], 2_000],
    ['any other time is taken as written', [{ ...given, tolerationSeconds: 30 }], [unreachable], 30_000],
    ['a negative time is none', [{ ...given, tolerationSeconds: -1 }], [unreachable], 0],
    ['the shortest counts', [given, { ...given, tolerationSeconds: 1 }], [unreachable], 1_000],
  ])('%s', (_name, tolerations, taints, expected) => {
    expect(stayMillis(tolerations, taints, 2_000)).toBe(expected);
  });
});
