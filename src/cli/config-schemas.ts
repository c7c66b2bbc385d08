import type { JSONSchemaType } from 'ajv';

import type { Address } from '../platform/network.ts';
import type { AgentConfig, KeptPlan, ServerConfig, ServerMember } from './cluster-plan.ts';

/** What a configuration file must look like: a damaged one is refused before it can mislead a process. */

const text = { type: 'string', minLength: 1 } as const;
const failover = { type: 'string', enum: ['default', 'fast'] } as const;

const address: JSONSchemaType<Address> = {
  type: 'object',
  properties: { host: text, port: { type: 'integer', minimum: 1, maximum: 65_535 } },
  required: ['host', 'port'],
};

const addresses = { type: 'array', items: address, minItems: 1 } as const;

const member: JSONSchemaType<ServerMember> = {
  type: 'object',
  properties: { name: text, peerAddress: address, user: text },
  required: ['name', 'peerAddress', 'user'],
};

export const keptPlanSchema: JSONSchemaType<KeptPlan> = {
  type: 'object',
  properties: {
    token: text,
    servers: { type: 'integer', enum: [1, 3, 5] },
    basePort: { type: 'integer', minimum: 1024, maximum: 65_000 },
    loopbackBlock: { type: 'integer', minimum: 1, maximum: 223 },
  },
  required: ['token', 'servers', 'basePort', 'loopbackBlock'],
};

export const serverConfigSchema: JSONSchemaType<ServerConfig> = {
  type: 'object',
  properties: {
    name: text,
    clusterToken: text,
    members: { type: 'array', items: member, minItems: 1 },
    apiListen: address,
    apiServers: addresses,
    serviceCidr: text,
    failover,
    pkiDirectory: text,
  },
  required: [
    'name',
    'clusterToken',
    'members',
    'apiListen',
    'apiServers',
    'serviceCidr',
    'failover',
    'pkiDirectory',
  ],
};

export const agentConfigSchema: JSONSchemaType<AgentConfig> = {
  type: 'object',
  properties: {
    nodeName: text,
    apiServers: addresses,
    kubeletListen: address,
    podCidr: text,
    serviceCidr: text,
    serviceBlock: text,
    failover,
    pkiDirectory: text,
  },
  required: [
    'nodeName',
    'apiServers',
    'kubeletListen',
    'podCidr',
    'serviceCidr',
    'serviceBlock',
    'failover',
    'pkiDirectory',
  ],
};
