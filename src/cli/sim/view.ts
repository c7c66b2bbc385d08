import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, resolve } from 'node:path';

import type { Command } from 'commander';
import { stringify } from 'yaml';

import type { PageData, Recording } from '../../../sim/recording/recording.ts';
import { recordSimulation } from '../../../sim/simulation.ts';
import { scenarioText } from '../../../sim/swarm/draw-scenario.ts';
import { style } from '../../../sim/view/style.ts';
import { CliError } from '../cli-error.ts';
import { stdoutColors } from '../colors.ts';
import { readInput } from '../input-file.ts';
import { nodeEngine } from '../node-engine.ts';
import { integerOption } from '../options.ts';
import { rawScenarioOf, readScenario, sourceOf, type ScenarioSource } from './source.ts';

interface ViewOptions {
  readonly swarm?: boolean;
  readonly seed: string;
  readonly out?: string;
  readonly serve?: boolean;
  readonly port: string;
  readonly json?: boolean;
}

/** `drydock sim view`: a run as a page. */
export function addViewCommand(sim: Command): void {
  sim
    .command('view')
    .description('write a run as one HTML page, to look at and to play with: no network is needed')
    .argument('[scenario]', 'a YAML file')
    .option('--swarm', 'the scenario that the seed draws')
    .option('--seed <n>', 'the seed', '1')
    .option('--out <file>', 'where to write the page (default: NAME-SEED.html, here)')
    .option('--serve', 'serve the page on this machine instead of writing it')
    .option('--port <n>', 'the port to serve it on; 0 lets the system choose', '8080')
    .option('--json', 'print the recording as JSON instead')
    .action(async (file: string | undefined, options: ViewOptions) => {
      await view(sourceOf(file, options.swarm), options);
    });
}

async function view(source: ScenarioSource, options: ViewOptions): Promise<void> {
  const seed = integerOption('--seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
  const folder = source.type === 'file' ? dirname(resolve(source.file)) : process.cwd();
  const raw = rawScenarioOf(source, seed);
  const text = scenarioText(raw);
  const scenario = readScenario(text, 'scenario.yaml', folder);
  const recording = await recordSimulation(scenario, text, { seed, engine: nodeEngine });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(recording)}\n`);
    return;
  }
  const files = Object.fromEntries(
    (raw.objects ?? []).flatMap((object) => {
      const { file: name } = object as { readonly file?: string };
      const found = name === undefined ? undefined : readInput(resolve(folder, name));
      return name === undefined || found === undefined ? [] : [[name, found]];
    }),
  );
  const steps = (raw.timeline ?? []).map((step) =>
    stringify(step, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim(),
  );
  const html = pageOf({ recording, files, steps, worker: script('worker') });
  if (options.serve === true) {
    await serve(html, integerOption('--port', options.port, 0, 65_535));
    return;
  }
  const out = options.out ?? `${recording.report.scenario}-${seed}.html`;
  writeFileSync(out, html);
  process.stdout.write(`${stdoutColors.green('✔')} ${out}: ${summary(recording)}; open it in a browser\n`);
}

function summary({ report, messages }: Recording): string {
  return `${report.verdict}, ${(report.simulatedMillis / 1000).toFixed(1)} simulated seconds, ${messages.length} packets`;
}

/** One file: nothing is fetched from anywhere. */
function pageOf(data: PageData): string {
  // `</script>` in a text would end the element that holds it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; img-src data:">
<link rel="icon" href="data:,">
<title>${data.recording.report.scenario}, seed ${data.recording.report.seed}</title>
<style>${style}</style>
</head>
<body>
<script type="application/json" id="data">${json}</script>
<script>${script('page')}</script>
</body>
</html>
`;
}

/** What `npm run build` made of sim/view. */
function script(name: 'page' | 'worker'): string {
  const path = resolve(import.meta.dirname, `../../../view/${name}.js`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`${path} is missing: run npm run build`, { cause: error });
  }
}

async function serve(html: string, port: number): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url !== '/') response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = error.code === 'EADDRINUSE' ? ': choose another with --port' : '';
      failed(new CliError(`cannot listen on port ${port}: ${error.message}${remedy}`));
    });
    server.listen(port, '127.0.0.1', listening);
  });
  const { port: bound } = server.address() as { readonly port: number };
  process.stdout.write(`http://127.0.0.1:${bound}/ (end it with Ctrl-C)\n`);
  await new Promise((resolveClosed) => server.once('close', resolveClosed));
}
