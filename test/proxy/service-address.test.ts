import { expect, it } from 'vitest';

import { mapServiceAddress } from '../../src/proxy/service-address.ts';

it.each([
  ['127.96.0.10', '127.96.0.0/16', '127.97.0.0/16', '127.97.0.10'],
  ['127.96.255.1', '127.96.0.0/16', '127.97.0.0/16', '127.97.255.1'],
  ['10.96.0.10', '10.96.0.0/12', '127.96.0.0/12', '127.96.0.10'],
  ['127.96.0.10', '127.96.0.0/16', '127.96.0.0/16', '127.96.0.10'],
  ['127.98.0.10', '127.96.0.0/16', '127.97.0.0/16', '127.98.0.10'],
])('%s of %s is in %s: %s', (clusterIP, serviceCidr, localBlock, expected) => {
  expect(mapServiceAddress(clusterIP, serviceCidr, localBlock)).toBe(expected);
});

it('needs room for every address', () => {
  expect(() => mapServiceAddress('127.96.0.1', '127.96.0.0/16', '127.97.0.0/24')).toThrow('room');
  expect(() => mapServiceAddress('127.96.0.1', '127.96.0.0/33', '127.97.0.0/24')).toThrow('serviceCidr');
});
