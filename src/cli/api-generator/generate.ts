import { resourcesText } from './resources-text.ts';
import type { Source } from './source.ts';
import { typesText } from './types-text.ts';

/** The files of src/api/schema/generated: name → text. The same facts give the same bytes. */
export function generate(source: Source): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const groupVersions = Object.keys(source.types)
    .toSorted()
    .filter((groupVersion) => typesText(source, groupVersion) !== '');
  for (const groupVersion of groupVersions) {
    const text = typesText(source, groupVersion);
    files.set(`${fileName(groupVersion)}.ts`, moduleOf(`The types of ${groupVersion}`, 'text', text));
  }
  const resources = resourcesText(source);
  files.set('resources.ts', moduleOf('The resources that a default server serves', 'text', resources));
  files.set('index.ts', indexOf(groupVersions));
  return files;
}

function indexOf(groupVersions: readonly string[]): string {
  return `${groupVersions
    .map((one) => `import { text as ${variableName(one)} } from './${fileName(one)}.ts';\n`)
    .join('')}
/** The schema texts by group-version. ${origin} */
export const schemaTexts: ReadonlyMap<string, string> = new Map([
${groupVersions.map((one) => `  ['${one}', ${variableName(one)}],\n`).join('')}]);
`;
}

function moduleOf(title: string, name: string, text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  return `/** ${title}. ${origin} */\nexport const ${name} = \`\n${escaped}\n\`;\n`;
}

const origin =
  'Written by `npm run generate:api`, not by hand; the form is that of\n * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0).';

/** `apps/v1` → apps-v1; `v1` → core-v1. */
function fileName(groupVersion: string): string {
  return groupVersion === 'v1' ? 'core-v1' : groupVersion.replace('/', '-');
}

function variableName(groupVersion: string): string {
  return fileName(groupVersion).replaceAll(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
}
