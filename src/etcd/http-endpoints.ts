import { encodeUtf8 } from '../base/bytes.ts';
import type { GrpcMethods } from '../grpc/service.ts';
import type { HttpHandler, HttpResponse } from '../platform/http.ts';
import { etcdVersion } from './member.ts';
import type { EtcdServer } from './member-surface.ts';

/** etcd's HTTP surface besides gRPC. */
export class HttpEndpoints {
  readonly #member: EtcdServer;

  constructor(member: EtcdServer, _methods: GrpcMethods) {
    this.#member = member;
  }

  readonly handle: HttpHandler = async ({ path }) => {
    if (path === '/version') {
      return json(200, {
        etcdserver: etcdVersion,
        etcdcluster: this.#member.clusterVersion ?? 'not_decided',
      });
    }
    if (path.startsWith('/health')) return json(200, { health: 'true', reason: '' });
    return json(404, {});
  };

  readonly handleMetrics: HttpHandler = this.handle;
}

function json(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: encodeUtf8(JSON.stringify(value)) };
}
