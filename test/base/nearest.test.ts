import { expect, it } from 'vitest';

import { nearest, suggestion } from '../../src/base/nearest.ts';

const words = ['leader', 'lost', 'server-1', 'server-2', 'ReplicationController'];

it.each([
  ['losst', 'lost'],
  ['lsot', 'lost'],
  ['LEADER', 'leader'],
  ['server-3', 'server-1'],
  ['ReplicaController', 'ReplicationController'],
  ['chief', undefined],
  ['', undefined],
])('%j was meant to be %j', (wrong, word) => {
  expect(nearest(wrong, words)).toBe(word);
});

it('suggests in words', () => {
  expect(suggestion('losst', words)).toBe('; did you mean lost?');
  expect(suggestion('chief', words)).toBe('');
});
