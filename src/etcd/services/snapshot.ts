import { sha256 } from '@noble/hashes/sha2.js';

import type { BackendView } from '../../mvcc/backend.ts';
import type { CallEvents, ServerCall } from '../../grpc/service.ts';
import { fromAuthError, stoppedError } from '../errors.ts';
import { etcdVersion } from '../member.ts';
import { SnapshotResponse } from '../proto/rpc.ts';
import { readSnapshotFile } from '../snapshot-file.ts';
import { statusOf, streamStatusOf, type ServiceContext } from './service.ts';

const blobBytes = 32 * 1024;

/**
 * Maintenance.Snapshot: the whole state of this member as a file (etcd/snapshot-file.ts), in blobs, and the SHA-256 of all of them as
 * the last message. It is read from a view as the client takes it, so nothing is held and nobody waits.
 */
export class SnapshotStream implements CallEvents {
  readonly #context: ServiceContext;
  readonly #call: ServerCall;
  readonly #hash = sha256.create();
  #view: BackendView | undefined;
  #blobs: Iterator<Uint8Array> | undefined;
  #remaining = 0;
  #over = false;

  constructor(context: ServiceContext, call: ServerCall) {
    this.#context = context;
    this.#call = call;
  }

  message(): void {
    if (this.#view === undefined) this.#begin();
  }

  halfClosed(): void {
    if (this.#view === undefined) this.#begin();
  }

  cancelled(): void {
    this.#finish();
  }

  drained(): void {
    this.#send();
  }

  #begin(): void {
    const { member } = this.#context;
    try {
      const view = member.view();
      this.#view = view;
      const denied = member.auth.checkAdmin(this.#context.authenticate(this.#call));
      if (denied !== undefined) throw fromAuthError(denied);
      const { length, blobs } = readSnapshotFile(view, blobBytes);
      this.#remaining = length;
      this.#blobs = blobs;
      this.#send();
    } catch (error) {
      if (this.#over) return;
      this.#finish();
      this.#call.end(streamStatusOf(error));
    }
  }

  /** Without headers, as etcd sends them. */
  #send(): void {
    while (!this.#over && this.#blobs !== undefined) {
      const next = this.#blobs.next();
      if (next.done === true) {
        const blob = this.#hash.digest();
        this.#call.send(SnapshotResponse.encode({ remainingBytes: 0, blob, version: etcdVersion }));
        this.#finish();
        if (this.#remaining === 0) this.#call.end();
        else this.#call.end(statusOf(stoppedError()));
        return;
      }
      const blob = next.value;
      this.#hash.update(blob);
      this.#remaining -= blob.length;
      const remainingBytes = this.#remaining;
      if (!this.#call.send(SnapshotResponse.encode({ remainingBytes, blob, version: etcdVersion }))) return;
    }
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#view?.close();
  }
}
