import type { Event, Revision } from '../mvcc/types.ts';
import type { WatchRequest } from './client.ts';
import type { GrpcCode } from './errors.ts';

/**
 * etcd calls over a message link: between an API server and the store member on another thread of the same
 * process, or on another host. One call = one `call` and one `result`; a watch = one `watch`, then events.
 */
export type ClientMessage =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: CallMethod;
      readonly arguments: readonly unknown[];
    }
  | { readonly type: 'watch'; readonly id: number; readonly request: WatchRequest }
  | { readonly type: 'watch-progress'; readonly id: number }
  | { readonly type: 'watch-pause'; readonly id: number }
  | { readonly type: 'watch-resume'; readonly id: number }
  | { readonly type: 'watch-cancel'; readonly id: number };

export type ServerMessage =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly code: GrpcCode; readonly message: string }
  | { readonly type: 'watch-created'; readonly id: number; readonly revision: Revision }
  | {
      readonly type: 'watch-events';
      readonly id: number;
      readonly events: readonly Event[];
      readonly revision: Revision;
    }
  | { readonly type: 'watch-progress'; readonly id: number; readonly revision: Revision }
  | {
      readonly type: 'watch-closed';
      readonly id: number;
      readonly compactRevision?: Revision;
      readonly reason: string;
    };

export const callMethods = [
  'range',
  'put',
  'deleteRange',
  'txn',
  'compact',
  'leaseGrant',
  'leaseRevoke',
  'leaseKeepAlive',
  'status',
] as const;

export type CallMethod = (typeof callMethods)[number];
