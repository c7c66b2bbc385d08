import { must } from '../base/assert.ts';
import { isApiError } from '../api/status.ts';
import type { ApiObject, OwnerReference } from '../api/types.ts';
import type { ResourceRef } from '../client/api-client.ts';
import { keyOf } from '../client/informer.ts';
import type { Informer } from '../client/informer.ts';
import { endpointSlices, nodes, pods, replicationControllers, services } from '../client/resources.ts';
import { WorkQueue } from '../client/work-queue.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { decideDependant, decideOwner } from './garbage-decision.ts';
import type { OwnerState } from './garbage-decision.ts';
import { ownersPatch } from './ownership.ts';
import { forEachParallel, runReconcileLoop } from './reconcile-loop.ts';

const workers = 5;

/** The kinds that own something here, and those that are owned. Objects of other kinds are left alone. */
const ownerRefs: readonly ResourceRef<ApiObject>[] = [replicationControllers, services, nodes];
const dependantRefs: readonly ResourceRef<ApiObject>[] = [pods, endpointSlices];

/**
 * Deletes what was owned by something that is gone (background), and serves the finalizers of owners that
 * are to orphan their dependants or to wait for them (foreground). Owners are known by uid: a namesake is
 * another object.
 */
export const garbageCollector: Controller = {
  name: 'garbage-collector-controller',
  start(context) {
    const collector = new GarbageCollector(context);
    const { queue } = collector;
    return (signal) =>
      runReconcileLoop(
        { queue, workers, logger: context.logger, reconcile: (key) => collector.reconcile(key) },
        signal,
      );
  },
};

interface Watched {
  readonly ref: ResourceRef<ApiObject>;
  readonly informer: Informer<ApiObject>;
}

class GarbageCollector {
  readonly queue: WorkQueue;
  readonly #context: ControllerContext;
  /** By kind. */
  readonly #owners: ReadonlyMap<string, Watched>;
  readonly #dependants: ReadonlyMap<string, Watched>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.queue = new WorkQueue(context.platform.clock);
    const watch = (ref: ResourceRef<ApiObject>) =>
      [ref.kind, { ref, informer: context.informers.get(ref) }] as const;
    this.#owners = new Map(ownerRefs.map(watch));
    this.#dependants = new Map(dependantRefs.map(watch));
    for (const { ref, informer } of this.#owners.values()) {
      informer.addHandler({
        added: (owner) => this.#add(ref, owner),
        updated: (_before, owner) => this.#add(ref, owner),
        deleted: (owner) => this.#addDependantsOf(owner),
      });
    }
    for (const { ref, informer } of this.#dependants.values()) {
      informer.addHandler({
        added: (object) => this.#add(ref, object),
        updated: (_before, object) => this.#add(ref, object),
        deleted: (object) => this.#addOwnersOf(object),
      });
    }
  }

  /** `key` is the kind and the object's key: `Pod default/web-1`. */
  async reconcile(key: string): Promise<void> {
    const space = key.indexOf(' ');
    const kind = key.slice(0, space);
    const objectKey = key.slice(space + 1);
    const owner = this.#owners.get(kind)?.informer.lister.get(objectKey);
    if (owner !== undefined) await this.#reconcileOwner(owner);
    const dependant = this.#dependants.get(kind)?.informer.lister.get(objectKey);
    if (dependant !== undefined) await this.#reconcileDependant(dependant);
  }

  async #reconcileDependant(object: ApiObject): Promise<void> {
    const { name, namespace, ownerReferences = [], uid } = object.metadata;
    const states: OwnerState[] = [];
    for (const owner of ownerReferences) states.push(await this.#stateOf(owner, namespace));
    const decision = decideDependant(object, states);
    if (decision.action === 'keep') return;
    await this.#ignoringGone(async () => {
      const resource = this.#resourceOf(object);
      const place = namespace === undefined ? {} : { namespace };
      if (decision.action === 'delete') {
        await resource.delete(name, { ...place, uid, propagationPolicy: 'Background' });
      } else {
        await resource.patch(name, ownersPatch(object, decision.ownerReferences), {
          type: 'merge',
          ...place,
        });
      }
    });
  }

  async #reconcileOwner(owner: ApiObject): Promise<void> {
    const decision = decideOwner(owner, this.#dependantsOf(owner));
    if (decision.action === 'keep') return;
    const { uid } = owner.metadata;
    await forEachParallel(decision.dependants, async (dependant) => {
      const { name, namespace, ownerReferences = [] } = dependant.metadata;
      const place = namespace === undefined ? {} : { namespace };
      const resource = this.#resourceOf(dependant);
      await this.#ignoringGone(async () => {
        if (decision.action === 'orphan') {
          const left = ownerReferences.filter((reference) => reference.uid !== uid);
          await resource.patch(name, ownersPatch(dependant, left), { type: 'merge', ...place });
        } else {
          await resource.delete(name, {
            ...place,
            uid: dependant.metadata.uid,
            propagationPolicy: 'Background',
          });
        }
      });
    });
    if (decision.action === 'deleteFirst' && decision.waitForCount > 0) return;
    const served = decision.action === 'orphan' ? 'orphan' : 'foregroundDeletion';
    const { name, namespace, resourceVersion, finalizers = [] } = owner.metadata;
    const patch = {
      metadata: { uid, resourceVersion, finalizers: finalizers.filter((each) => each !== served) },
    };
    const place = namespace === undefined ? {} : { namespace };
    await this.#ignoringGone(async () => {
      await this.#resourceOf(owner).patch(name, patch, { type: 'merge', ...place });
    });
  }

  /** The cache may be behind; only the server's word makes an owner absent. */
  async #stateOf(reference: OwnerReference, dependantNamespace: string | undefined): Promise<OwnerState> {
    const watched = this.#owners.get(reference.kind);
    if (watched === undefined) return 'unknown';
    const { ref, informer } = watched;
    const namespace = ref.namespaced ? dependantNamespace : undefined;
    const key = namespace === undefined ? reference.name : `${namespace}/${reference.name}`;
    if (informer.lister.get(key)?.metadata.uid === reference.uid) return 'present';
    try {
      const owner = await this.#context.client.resource(ref).get(reference.name, namespace);
      return owner.metadata.uid === reference.uid ? 'present' : 'absent';
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
      return 'absent';
    }
  }

  #resourceOf(object: ApiObject) {
    const watched = this.#dependants.get(object.kind) ?? this.#owners.get(object.kind);
    return this.#context.client.resource(must(watched).ref);
  }

  async #ignoringGone(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  #dependantsOf(owner: ApiObject): readonly ApiObject[] {
    const { uid } = owner.metadata;
    return [...this.#dependants.values()].flatMap(({ informer }) =>
      informer.lister
        .list()
        .filter(({ metadata }) => metadata.ownerReferences?.some((each) => each.uid === uid)),
    );
  }

  #add(ref: ResourceRef<ApiObject>, object: ApiObject): void {
    this.queue.add(`${ref.kind} ${keyOf(object)}`);
  }

  #addDependantsOf(owner: ApiObject): void {
    for (const dependant of this.#dependantsOf(owner))
      this.queue.add(`${dependant.kind} ${keyOf(dependant)}`);
  }

  #addOwnersOf(object: ApiObject): void {
    const { namespace, ownerReferences = [] } = object.metadata;
    for (const { kind, name } of ownerReferences) {
      const watched = this.#owners.get(kind);
      if (watched === undefined) continue;
      this.queue.add(`${kind} ${watched.ref.namespaced ? `${namespace ?? ''}/` : ''}${name}`);
    }
  }
}
