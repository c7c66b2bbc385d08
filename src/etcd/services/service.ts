import { ProtoError } from '../../base/protobuf.ts';
import type { GrpcMethod, ServerCall } from '../../grpc/service.ts';
import { grpcCode, type GrpcStatus } from '../../grpc/status.ts';
import { EtcdError, grpcCodes } from '../errors.ts';
import type { EtcdServer } from '../etcd-server.ts';
import type { RequestAuth } from '../request.ts';
import type { HeaderEncoder } from '../wire/header.ts';

/**
 * services/: etcd's gRPC services, one file each. A service decodes and checks what comes in, asks the member, and encodes
 * what it answers. It decides nothing about data: that is mvcc's.
 */
export interface ServiceContext {
  readonly member: EtcdServer;
  readonly header: HeaderEncoder;
  /** Who calls, by token or certificate; undefined is nobody, or anybody while auth is off. @throws EtcdError */
  readonly authenticate: (call: ServerCall) => RequestAuth | undefined;
  readonly options: ServiceOptions;
}

export interface ServiceOptions {
  readonly txnOpsMax: number;
  readonly requestBytesMax: number;
  readonly progressNotifyMillis: number;
}

/** The status that a client gets for what went wrong. A bug is not told: it ends the process. */
export function statusOf(error: unknown): GrpcStatus {
  if (error instanceof EtcdError) return { code: grpcCodes.indexOf(error.code), message: error.message };
  if (error instanceof ProtoError) {
    return { code: grpcCode.internal, message: `grpc: error unmarshalling request: ${error.message}` };
  }
  throw error;
}

/** The same where requests come in a stream: gRPC in Go has another sentence there for one that cannot be read. */
export function streamStatusOf(error: unknown): GrpcStatus {
  return error instanceof ProtoError
    ? { code: grpcCode.internal, message: `grpc: failed to unmarshal the received message: ${error.message}` }
    : statusOf(error);
}

/** A unary method that answers now, later, or by failing. */
export function unary(
  handle: (request: Uint8Array, call: ServerCall) => Promise<Uint8Array> | Uint8Array | void,
): GrpcMethod {
  return {
    handle(request, call) {
      try {
        const answer = handle(request, call);
        if (answer === undefined) return;
        if (answer instanceof Uint8Array) call.reply(answer);
        else {
          answer.then(
            (message) => call.reply(message),
            (error: unknown) => call.fail(statusOf(error)),
          );
        }
      } catch (error) {
        call.fail(statusOf(error));
      }
    },
  };
}
