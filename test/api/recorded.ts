import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe } from 'vitest';

/** Answers of a real Kubernetes 1.36, kept beside the repository. Tests that need them say so when they are absent. */
const root = resolve(import.meta.dirname, '../../../shared/data/kubernetes');

export function recordedText(path: string): string {
  return readFileSync(resolve(root, path), 'utf8');
}

export function recordedBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(resolve(root, path)));
}

export function recordedJson(path: string): unknown {
  return JSON.parse(recordedText(path)) as unknown;
}

/** `describe`, or a loud skip when there is nothing to compare with. */
export function describeRecorded(name: string, body: () => void): void {
  if (existsSync(root)) {
    describe(name, body);
  } else {
    console.warn(`SKIPPED: ${name}: the recorded answers are not beside the repository`);
    describe.skip(name, () => undefined);
  }
}
