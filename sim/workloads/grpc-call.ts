import { assert } from '../../src/base/assert.ts';
import { err, ok, type Result } from '../../src/base/result.ts';
import { GrpcChannel } from '../../src/grpc/channel.ts';
import { GrpcError, grpcCode } from '../../src/grpc/status.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';

const timeoutMillisDefault = 5000;

/**
 * One call of one member, of a method that EtcdClient does not have: `Maintenance/Defragment`. `token`: whoever calls has
 * authenticated.
 */
export async function callMember(
  platform: Platform,
  address: Address,
  method: string,
  message: Uint8Array,
  token?: string,
): Promise<Result<Uint8Array, GrpcError>> {
  const channel = new GrpcChannel(platform, address);
  try {
    const reply = await channel.unary(`/etcdserverpb.${method}`, message, {
      timeoutMillis: timeoutMillisDefault,
      ...(token === undefined ? {} : { metadata: { token } }),
    });
    return ok(reply);
  } catch (error) {
    assert(error instanceof GrpcError, () => `a call failed oddly: ${String(error)}`);
    return err(error);
  } finally {
    channel.close();
  }
}

/** Whether the member may be of another mind in a moment, or another member now. */
export function isPassing({ code }: GrpcError): boolean {
  return code === grpcCode.unavailable || code === grpcCode.deadlineExceeded || code === grpcCode.cancelled;
}

/** The messages of a server's stream, to its end; undefined if it broke off. */
export function readStream(
  platform: Platform,
  address: Address,
  method: string,
  message: Uint8Array,
): Promise<readonly Uint8Array[] | undefined> {
  const channel = new GrpcChannel(platform, address);
  return new Promise((resolve) => {
    const messages: Uint8Array[] = [];
    const call = channel.stream(
      `/etcdserverpb.${method}`,
      {
        message: (bytes) => messages.push(bytes.slice()),
        ended: ({ code }) => {
          channel.close();
          resolve(code === 0 ? messages : undefined);
        },
        drained: () => {},
      },
      { timeoutMillis: timeoutMillisDefault },
    );
    call.send(message);
    call.halfClose();
  });
}
