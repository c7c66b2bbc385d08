import { assert } from '../../src/base/assert.ts';
import { GrpcChannel } from '../../src/grpc/channel.ts';
import { GrpcError } from '../../src/grpc/status.ts';
import type { Address } from '../../src/platform/network.ts';
import type { Platform } from '../../src/platform/platform.ts';

const timeoutMillisDefault = 5000;

/**
 * One call of one member, of a method that EtcdClient does not have: `Maintenance/Defragment`. undefined: it was refused, or
 * its outcome is unknown. `token`: whoever calls has authenticated.
 */
export async function callMember(
  platform: Platform,
  address: Address,
  method: string,
  message: Uint8Array,
  token?: string,
): Promise<Uint8Array | undefined> {
  const channel = new GrpcChannel(platform, address);
  try {
    return await channel.unary(`/etcdserverpb.${method}`, message, {
      timeoutMillis: timeoutMillisDefault,
      ...(token === undefined ? {} : { metadata: { token } }),
    });
  } catch (error) {
    assert(error instanceof GrpcError, () => `a call failed oddly: ${String(error)}`);
    return undefined;
  } finally {
    channel.close();
  }
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
