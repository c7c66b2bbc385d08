import { durationSchema, either, type Schema } from '../actions/action.ts';
import { actions } from '../actions/registry.ts';
import { bounds } from '../checkers/bounds.ts';
import { checkers } from '../checkers/registry.ts';
import { workloadsSchema } from '../workloads/registry.ts';
import { modes } from './scenario.ts';

const members: Schema = { type: 'integer', minimum: 1, maximum: 9 };
const count: Schema = { type: 'integer', minimum: 0 };

function strict(properties: Schema, required: readonly string[] = []): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

const podsRunning = strict({ count, labels: { type: 'object', additionalProperties: { type: 'string' } } });

const finalExpectation = {
  ...strict({
    'pods-running': podsRunning,
    'processes-running': strict({ count }, ['count']),
    converged: { const: true },
  }),
  minProperties: 1,
  maxProperties: 1,
  description: '`pods-running: {count: 3}`, `processes-running: {count: 3}` or `converged: true`',
};

const name: Schema = {
  type: 'string',
  pattern: '^[a-z][a-z0-9-]*$',
  description: 'lower-case letters, digits and dashes, a letter first',
};

const step = {
  ...strict({
    at: {
      type: 'string',
      pattern: '^\\+?[0-9]+(\\.[0-9]+)?(ms|s|m)$',
      description: 'a moment such as 10s, or +2s after the step before',
    },
    when: {
      ...strict({ leader: { const: 'present' }, 'pods-running': podsRunning }),
      minProperties: 1,
      maxProperties: 1,
      description: '`leader: present` or `pods-running: {count: 3}`',
    },
    within: durationSchema,
    as: name,
    else: { const: 'skip', description: '`else: skip`: leave the step out when it cannot be done' },
    ...Object.fromEntries(actions.map((action) => [action.name, action.schema])),
  }),
  description: 'a step such as `{at: 10s, crash: leader}`',
};

/** The whole vocabulary of a scenario file, as JSON Schema (draft 7). */
export const scenarioSchema: Schema = strict(
  {
    name,
    about: { type: 'string' },
    modes: {
      type: 'array',
      items: { enum: modes },
      minItems: 1,
      uniqueItems: true,
      description: '[sim], or [sim, real] when real processes can play it, too',
    },
    cluster: strict({
      store: members,
      servers: members,
      spares: { type: 'integer', minimum: 0, maximum: 9 },
      agents: { type: 'integer', minimum: 0, maximum: 1000 },
      timing: { enum: ['fast', 'default'], description: '`fast`, or `default` for the times of Kubernetes' },
      tick: durationSchema,
      'election-ticks': { type: 'integer', minimum: 2, maximum: 100 },
      'request-timeout': durationSchema,
      'snapshot-entries': { type: 'integer', minimum: 1 },
      'catch-up-entries': { type: 'integer', minimum: 0 },
      'segment-bytes': { type: 'integer', minimum: 500 },
      'quota-bytes': { type: 'integer', minimum: 0 },
      'corrupt-check': durationSchema,
    }),
    objects: {
      type: 'array',
      items: either(
        { type: 'object', required: ['file'] },
        strict({ file: { type: 'string', minLength: 1, description: 'the path of a manifest' } }, ['file']),
        {
          type: 'object',
          description: '`file: manifests/hello.yaml`, or an object with apiVersion, kind and metadata',
        },
      ),
    },
    workload: workloadsSchema,
    timeline: { type: 'array', items: step },
    expect: strict(
      {
        always: { type: 'array', items: { enum: Object.keys(checkers) } },
        bounds: strict(
          Object.fromEntries(Object.entries(bounds).map(([word, { schema }]) => [word, schema])),
        ),
        liveness: durationSchema,
        finally: { type: 'array', items: finalExpectation },
        within: durationSchema,
      },
      ['always'],
    ),
    duration: durationSchema,
  },
  ['name', 'cluster', 'expect', 'duration'],
);
