import type { Command } from 'commander';

import { scenarioSchema } from '../../../sim/scenario/scenario-schema.ts';

/** `drydock sim schema`: the vocabulary of scenarios, for editors. */
export function addSchemaCommand(sim: Command): void {
  sim
    .command('schema')
    .description('print the JSON Schema of scenario files: an editor completes and checks them with it')
    .addHelpText(
      'after',
      `
Example:
  drydock sim schema > scenario.schema.json
and in a scenario's first line, for editors that know YAML's language server:
  # yaml-language-server: $schema=scenario.schema.json`,
    )
    .action(() => {
      const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...scenarioSchema };
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
}
