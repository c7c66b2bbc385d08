import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { generate } from './generate.ts';
import type { Source } from './source.ts';

/**
 * Writes src/api/schema/generated from a folder that holds types.json, resources.json, columns.json and
 * fieldselectors.json: `npm run generate:api -- FOLDER`.
 */
const [folder, output = 'src/api/schema/generated'] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: npm run generate:api -- FOLDER [OUTPUT]\n');
  process.exitCode = 2;
} else {
  mkdirSync(output, { recursive: true });
  for (const name of readdirSync(output)) rmSync(join(output, name));
  for (const [name, text] of generate(readSource(folder))) writeFileSync(join(output, name), text);
}

function readSource(from: string): Source {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(from, name), 'utf8'));
  return {
    types: read('types.json') as Source['types'],
    resources: read('resources.json') as Source['resources'],
    columns: read('columns.json') as Source['columns'],
    fieldSelectors: read('fieldselectors.json') as Source['fieldSelectors'],
  };
}
