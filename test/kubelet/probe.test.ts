import { describe, expect, it } from 'vitest';

import { ProbeVerdict } from '../../src/kubelet/probe.ts';
import type { ProbeOutcome } from '../../src/kubelet/probe.ts';

const outcomes: Readonly<Record<string, ProbeOutcome>> = { s: 'success', f: 'failure', u: 'unknown' };

describe('probe verdict', () => {
  it.each([
    [{}, false, 's', 'T'],
    [{}, false, 'f', 'F'],
    [{}, true, 'ff', 'TT'],
    [{}, true, 'fff', 'TTF'],
    [{}, true, 'ffsfff', 'TTTTTF'],
    [{}, true, 'ffuf', 'TTTF'],
    [{ successThreshold: 2 }, false, 'ss', 'FT'],
    [{ failureThreshold: 1 }, true, 'fs', 'FT'],
  ])('%j from %s: %s gives %s', (probe, initial, made, expected) => {
    const verdict = new ProbeVerdict(probe, initial);
    const seen = [...made].map((letter) => {
      const before = verdict.value;
      const changed = verdict.record(outcomes[letter]!);
      expect(changed).toBe(verdict.value !== before);
      return verdict.value ? 'T' : 'F';
    });
    expect(seen.join('')).toBe(expected);
  });
});
