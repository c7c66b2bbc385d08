import type { CallEvents, GrpcMethod, GrpcMethods, ServerCall } from '../../grpc/service.ts';
import { grpcCode } from '../../grpc/status.ts';
import { HealthCheckRequest, HealthCheckResponse, servingStatus } from '../proto/health.ts';
import { statusOf, streamStatusOf } from './service.ts';

const { SERVING, SERVICE_UNKNOWN } = servingStatus.values;

/** The only name with a status, as etcd has it: the server as a whole. */
const wholeServer = '';

/** grpc.health.v1.Health: a member that answers serves. Whether its cluster does, /readyz says. Anybody may ask. */
export function healthService(): GrpcMethods {
  return new Map<string, GrpcMethod>([
    [
      '/grpc.health.v1.Health/Check',
      {
        handle(request, call) {
          try {
            const { service } = HealthCheckRequest.decode(request);
            if (service === wholeServer) call.reply(HealthCheckResponse.encode({ status: SERVING }));
            else call.fail({ code: grpcCode.notFound, message: 'unknown service' });
          } catch (error) {
            call.fail(statusOf(error));
          }
        },
      },
    ],
    ['/grpc.health.v1.Health/Watch', { open: watchHealth }],
  ]);
}

/** Tells the status at once, and would tell every change: there is none until the connection ends. */
function watchHealth(call: ServerCall): CallEvents {
  let asked = false;
  return {
    message(bytes) {
      // A client asks once; what else it sends is answered by nothing that could pile up.
      if (asked) return;
      asked = true;
      try {
        const { service } = HealthCheckRequest.decode(bytes);
        const status = service === wholeServer ? SERVING : SERVICE_UNKNOWN;
        call.send(HealthCheckResponse.encode({ status }));
      } catch (error) {
        call.end(streamStatusOf(error));
      }
    },
    halfClosed() {},
    cancelled() {},
    drained() {},
  };
}
