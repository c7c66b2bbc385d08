import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { Option, type Command } from 'commander';

import type { AutoCompaction } from '../etcd/auto-compaction.ts';
import type { Address } from '../platform/network.ts';
import { CliError } from './cli-error.ts';
import { allFlags, featureGates, flagGroups, type Flag, type FlagName } from './etcd-flag-table.ts';
import { integerOption } from './options.ts';

/** The values of flags as given, by name. */
export type EtcdFlags = Readonly<Record<FlagName, string | boolean | undefined>>;

const byName = new Map<string, Flag<FlagName>>(
  allFlags.flatMap((flag) => [
    [flag.name, flag],
    ...(flag.also === undefined ? [] : [[flag.also, flag] as const]),
  ]),
);

/**
 * Adds every flag to `command`, in the groups of etcd's help. Every one can also be given as an environment variable:
 * `--initial-cluster` as ETCD_INITIAL_CLUSTER.
 */
export function addEtcdFlags(command: Command): void {
  const file = new Option('--config-file <path>', 'read all flags from a YAML file, and from nowhere else');
  command.addOption(file.env('ETCD_CONFIG_FILE').helpGroup('Options:'));
  for (const { title, flags } of flagGroups) {
    for (const flag of flags as readonly Flag[]) {
      for (const name of flag.also === undefined ? [flag.name] : [flag.name, flag.also]) {
        const placeholder = flag.kind === 'switch' ? ' [bool]' : ` <${flag.kind}>`;
        const option = new Option(`--${name}${placeholder}`, helpOf(flag)).helpGroup(title);
        option.env(variableOf(name));
        if (flag.choices !== undefined) option.choices([...flag.choices]);
        if (name === flag.name && flag.default !== undefined) option.default(flag.default);
        // What changes nothing here is understood, and not offered.
        if (name !== flag.name || flag.moot !== undefined || flag.refused !== undefined) option.hideHelp();
        command.addOption(option);
      }
    }
  }
}

function helpOf({ help, moot, refused }: Flag): string {
  const why = refused ?? moot;
  return why === undefined ? help : `${help} (${refused === undefined ? 'no effect' : 'not taken'}: ${why})`;
}

/** Go's flags may begin with one dash: `-name a` is `--name a`. Only flags of this list are changed, and no values of others. */
export function withDoubleDashes(args: readonly string[]): string[] {
  return args.map((arg) => {
    const name = /^-([a-z][a-z0-9-]+)(?:=|$)/.exec(arg)?.[1];
    return name !== undefined && (byName.has(name) || name === 'config-file') ? `-${arg}` : arg;
  });
}

/**
 * What was given, on the command line, in the environment or in the file that these name, under the flags' present names.
 * `warn` hears of each flag that was given and changes nothing.
 *
 * @throws CliError for what makes no sense, or cannot be had here
 */
export function readEtcdFlags(command: Command, warn: (warning: string) => void = () => {}): EtcdFlags {
  const file = command.getOptionValue('configFile') as string | undefined;
  const given = file === undefined ? givenTo(command) : givenIn(file);
  if (file !== undefined && givenTo(command).size > 0) {
    warn(`--config-file ${file} says everything: other flags and the environment do not count`);
  }
  for (const name of unknownVariables()) warn(`unrecognized environment variable: ${name}`);
  const gates = given.get('feature-gates');
  if (gates !== undefined) for (const [name, value] of gated(String(gates))) given.set(name, value);
  const values: Record<string, string | boolean | undefined> = {};
  for (const flag of allFlags) {
    const value = given.get(flag.name) ?? flag.default;
    values[flag.name] =
      flag.kind === 'switch' ? switchValue(flag.name, value) : (value as string | undefined);
    if (!given.has(flag.name) || String(values[flag.name]) === flag.unless) continue;
    if (flag.refused !== undefined) throw usage(`--${flag.name} ${String(value)}: ${flag.refused}`);
    if (flag.moot !== undefined) warn(`--${flag.name} has no effect: ${flag.moot}`);
  }
  return values as EtcdFlags;
}

type Given = Map<FlagName, string | boolean>;

function givenTo(command: Command): Given {
  const given: Given = new Map();
  for (const { name, also } of allFlags) {
    for (const each of also === undefined ? [name] : [also, name]) {
      const source = command.getOptionValueSource(camelCase(each));
      if (source === undefined || source === 'default') continue;
      given.set(name, command.getOptionValue(camelCase(each)) as string | boolean);
    }
  }
  return given;
}

/** A misspelt one would otherwise be no more than not there. */
function unknownVariables(): readonly string[] {
  const known = new Set([...byName.keys(), 'config-file'].map(variableOf));
  return Object.keys(process.env).filter((name) => name.startsWith('ETCD_') && !known.has(name));
}

function variableOf(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** etcd's names of sections, and what the names in them are as flags. */
const sections: Readonly<Record<string, (name: string) => string>> = {
  'client-transport-security': (name) =>
    ({ 'crl-file': 'client-crl-file', 'allowed-hostname': 'client-cert-allowed-hostname' })[name] ?? name,
  'peer-transport-security': (name) => `peer-${name.startsWith('allowed-') ? `cert-${name}` : name}`,
};

/** etcd's configuration file: flags by name, and two sections. */
function givenIn(path: string): Given {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`--config-file: cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  // Few have such a file, and everyone waits for what is loaded at a start.
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw usage(`${path}: ${problem.message.split('\n')[0]}`);
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw usage(`${path} is no table of flags`);
  const given: Given = new Map();
  for (const [name, value] of Object.entries(content)) {
    const rename = sections[name];
    if (rename === undefined) take(given, path, name, value);
    else
      for (const [inner, each] of Object.entries((value ?? {}) as object))
        take(given, path, rename(inner), each);
  }
  return given;
}

function take(given: Given, path: string, name: string, value: unknown): void {
  if (value === null || value === '') return;
  // In every file that was copied from etcd's example.
  if (name === 'proxy' ? value === 'off' : name.startsWith('proxy-')) return;
  const flag = byName.get(name);
  if (flag === undefined) throw usage(`${path}: ${name} is no flag of etcd 3.6`);
  const shown = Array.isArray(value) ? value.join(',') : value;
  // A duration of Go's without a unit: nanoseconds.
  const text = flag.kind === 'duration' && typeof shown === 'number' ? `${shown / 1e6}ms` : String(shown);
  if (flag.choices?.includes(text) === false) {
    throw usage(`${path}: ${name} is ${text}, and can be ${flag.choices.join(' or ')}`);
  }
  given.set(flag.name, text);
}

/** `InitialCorruptCheck=true,…` as flags. */
function gated(text: string): readonly (readonly [FlagName, string])[] {
  return text.split(',').flatMap((part) => {
    const [name = '', value = ''] = part.split('=').map((each) => each.trim());
    const gate = featureGates[name];
    if (gate === undefined) throw usage(`--feature-gates: unrecognized feature gate: ${name}`);
    const wanted = switchValue(`feature-gates ${name}`, value);
    if ('flag' in gate) return [[gate.flag, String(wanted)] as const];
    if (wanted !== gate.always) throw usage(`--feature-gates: ${name} is always ${String(gate.always)} here`);
    return [];
  });
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function switchValue(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw usage(`--${name} ${String(value)} is neither true nor false`);
}

export function usage(message: string): CliError {
  return new CliError(message, { exitCode: 2 });
}

/** Go's notation: 10m, 1h30m, 500ms. */
export function durationMillis(flag: string, text: string): number {
  const units: Readonly<Record<string, number>> = {
    ns: 1e-6,
    us: 1e-3,
    µs: 1e-3,
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
  };
  let millis = 0;
  let rest = text;
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (part === null) {
      if (/^0+$/.test(text)) return 0;
      throw usage(`--${flag} ${text} is no duration: write it like 500ms, 20s, 10m or 1h30m`);
    }
    millis += Number(part[1]) * units[part[2]!]!;
    rest = rest.slice(part[0].length);
  }
  return millis;
}

export interface EtcdUrl {
  /** As given, without a slash at its end. */
  readonly text: string;
  readonly secure: boolean;
  readonly address: Address;
}

/** `http://host:port,https://…` */
export function readUrls(flag: string, text: string): readonly EtcdUrl[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => readUrl(flag, part));
}

function readUrl(flag: string, text: string): EtcdUrl {
  const found = /^(https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^/:[\]]+)):(\d{1,5})\/?$/.exec(text);
  const port = Number(found?.[4]);
  if (found === null || port > 65_535) {
    throw usage(`--${flag} ${text} is no URL of the form http://HOST:PORT or https://HOST:PORT`);
  }
  return {
    text: text.replace(/\/$/, ''),
    secure: found[1] === 'https',
    address: { host: (found[2] ?? found[3])!, port },
  };
}

/** `a=http://…,a=http://…,b=http://…`: the first members and their URLs, in the order given. */
export function readInitialCluster(text: string): ReadonlyMap<string, readonly EtcdUrl[]> {
  const members = new Map<string, EtcdUrl[]>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at <= 0) throw usage(`--initial-cluster ${text}: "${part}" is not of the form NAME=URL`);
    const name = part.slice(0, at).trim();
    const url = readUrl('initial-cluster', part.slice(at + 1).trim());
    members.set(name, [...(members.get(name) ?? []), url]);
  }
  return members;
}

/** undefined: no automatic compaction. */
export function readAutoCompaction(mode: string, retention: string): AutoCompaction | undefined {
  if (mode === 'revision') {
    const retentionRevisions = integerOption(
      '--auto-compaction-retention',
      retention,
      0,
      Number.MAX_SAFE_INTEGER,
    );
    return retentionRevisions === 0 ? undefined : { mode, retentionRevisions };
  }
  // A bare number counts hours.
  const retentionMillis = /^\d+$/.test(retention)
    ? Number(retention) * 3_600_000
    : durationMillis('auto-compaction-retention', retention);
  return retentionMillis === 0 ? undefined : { mode: 'periodic', retentionMillis };
}
