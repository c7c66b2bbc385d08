import { describe, expect, it } from 'vitest';

import { EndpointChooser } from '../../src/proxy/endpoint-chooser.ts';
import { ruleOf } from './objects.ts';

const [a, b, c] = ['127.20.0.2', '127.20.0.3', '127.20.0.4'].map((ip) => ({ ip, port: 8080 })) as [
  { ip: string; port: number },
  { ip: string; port: number },
  { ip: string; port: number },
];

describe('endpoint chooser', () => {
  it('goes round, and offers the others after the first', () => {
    const chooser = new EndpointChooser(ruleOf([a, b, c]));
    const choices = [1, 2, 3, 4].map(() => chooser.choose('client', 0, 3));
    expect(choices).toEqual([
      [a, b, c],
      [b, c, a],
      [c, a, b],
      [a, b, c],
    ]);
    expect(chooser.choose('client', 0, 2)).toEqual([b, c]);
  });

  it('offers nothing where there is nothing', () => {
    expect(new EndpointChooser(ruleOf([])).choose('client', 0, 3)).toEqual([]);
  });

  it('keeps a client at its endpoint for as long as the rule says', () => {
    const chooser = new EndpointChooser(ruleOf([a, b, c], { affinitySeconds: 10 }));
    chooser.remember('x', b, 0);
    expect(chooser.choose('x', 1_000, 1)).toEqual([b]);
    expect(chooser.choose('x', 9_999, 1)).toEqual([b]);
    expect(chooser.choose('y', 9_999, 1)).toEqual([c]);
    expect(chooser.choose('x', 10_000, 1)).toEqual([a]);
  });

  it('lets a client go when its endpoint is gone, and continues with fewer', () => {
    const chooser = new EndpointChooser(ruleOf([a, b], { affinitySeconds: 10 }));
    chooser.remember('x', b, 0);
    chooser.replace(ruleOf([a], { affinitySeconds: 10 }));
    expect(chooser.choose('x', 1, 3)).toEqual([a]);
  });
});
