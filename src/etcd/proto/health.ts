import { enumeration, googleMessage, method, type ServiceType, string } from './message.ts';

/** grpc.health.v1 (grpc/doc/health-checking.md) */

export const servingStatus = {
  name: 'grpc.health.v1.HealthCheckResponse.ServingStatus',
  values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 },
} as const;

export const HealthCheckRequest = googleMessage('grpc.health.v1.HealthCheckRequest', { service: string(1) });
export const HealthCheckResponse = googleMessage('grpc.health.v1.HealthCheckResponse', {
  status: enumeration(1, servingStatus),
});

export const health: ServiceType = {
  name: 'grpc.health.v1.Health',
  methods: [
    method('Check', HealthCheckRequest, HealthCheckResponse),
    method('Watch', HealthCheckRequest, HealthCheckResponse, [], 'server'),
  ],
};
