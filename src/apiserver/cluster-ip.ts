import { internal, invalid } from '../api/errors.ts';
import type { FieldError } from '../api/field-error.ts';
import type { Resource } from '../api/resource.ts';
import type { ApiObject, Service } from '../api/types.ts';
import { assert } from '../base/assert.ts';
import type { EtcdClient, Key } from '../etcd/client.ts';
import { prefixEnd } from '../etcd/client.ts';
import type { Random } from '../platform/random.ts';
import type { Claims } from './storage.ts';

const allocationsPrefix = '/registry/ranges/serviceips/';

/** Prefixes that a range may have: at least four addresses, at most 2^20 (kube's own bound). */
const prefixLengthMin = 12;
const prefixLengthMax = 30;

/**
 * Cluster IPs of services. An IP is a key in the store, claimed in the very transaction that writes the
 * service and freed in the one that deletes it: any number of API servers may allocate at once, and a crash
 * leaks nothing. IPv4 only.
 */
export class ClusterIpAllocator {
  readonly #etcd: EtcdClient;
  readonly #random: Random;
  readonly #services: Resource;
  readonly #cidr: string;
  readonly #base: number;
  readonly #size: number;

  /** @throws AssertionError if `cidr` is not like 10.96.0.0/16: who starts the server checks that first. */
  constructor(etcd: EtcdClient, random: Random, services: Resource, cidr: string) {
    this.#etcd = etcd;
    this.#random = random;
    this.#services = services;
    this.#cidr = cidr;
    const [address = '', length = ''] = cidr.split('/');
    const base = parseIp(address);
    const prefixLength = Number(length);
    assert(base !== undefined, () => `not an IPv4 range: ${cidr}`);
    assert(
      prefixLength >= prefixLengthMin && prefixLength <= prefixLengthMax,
      () => `range too large or small: ${cidr}`,
    );
    this.#size = 2 ** (32 - prefixLength);
    this.#base = base - (base % this.#size);
  }

  /**
   * The service with its cluster IP, and the keys to take and free with it. An update keeps the IP it has.
   * @throws ApiError Invalid for an IP that is taken or out of range
   */
  async allocate(
    object: ApiObject,
    old: ApiObject | undefined,
  ): Promise<{ readonly object: ApiObject; readonly claims: Claims }> {
    const service = object as Service;
    const had = old === undefined ? '' : ipOf(old as Service);
    const free = had === '' ? [] : [keyOf(had)];
    if (service.spec.type === 'ExternalName') return { object: withIp(service, undefined), claims: { free } };
    const asked = service.spec.clusterIP ?? '';
    if (asked === 'None') return { object: withIp(service, 'None'), claims: { free } };
    if (had !== '' && (asked === '' || asked === had)) return { object: withIp(service, had), claims: {} };
    const taken = await this.#taken();
    if (asked !== '') this.#refuse(service, asked, taken);
    const ip = asked === '' ? this.#choose(taken) : asked;
    return { object: withIp(service, ip), claims: { take: [keyOf(ip)], free } };
  }

  /** What a deleted service gives back. */
  release(object: ApiObject): Claims {
    const ip = ipOf(object as Service);
    return ip === '' ? {} : { free: [keyOf(ip)] };
  }

  async #taken(): Promise<ReadonlySet<Key>> {
    const range = { key: allocationsPrefix, rangeEnd: prefixEnd(allocationsPrefix), keysOnly: true };
    const { kvs } = await this.#etcd.range(range);
    return new Set(kvs.map(({ key }) => key));
  }

  #refuse(service: Service, asked: string, taken: ReadonlySet<Key>): void {
    const address = parseIp(asked);
    let why: string | undefined;
    if (address === undefined || address <= this.#base || address >= this.#base + this.#size - 1) {
      why = `the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${this.#cidr}`;
    } else if (taken.has(keyOf(asked))) {
      why = 'provided IP is already allocated';
    }
    if (why === undefined) return;
    const error: FieldError = {
      type: 'Invalid',
      field: 'spec.clusterIPs',
      value: [asked],
      detail: `failed to allocate IP ${asked}: ${why}`,
    };
    throw invalid(this.#services, service.metadata.name, [error]);
  }

  /** A free address from a random place on: first of the upper band, so that low ones stay for who asks. */
  #choose(taken: ReadonlySet<Key>): string {
    const band = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256);
    const last = this.#size - 2;
    const bands: readonly (readonly [number, number])[] =
      last > band
        ? [
            [band + 1, last],
            [1, band],
          ]
        : [[1, last]];
    for (const [from, to] of bands) {
      const count = to - from + 1;
      const start = this.#random.integer(count);
      for (let i = 0; i < count; i++) {
        const ip = formatIp(this.#base + from + ((start + i) % count));
        if (!taken.has(keyOf(ip))) return ip;
      }
    }
    throw internal('failed to allocate a serviceIP: range is full');
  }
}

function keyOf(ip: string): Key {
  return allocationsPrefix + ip;
}

/** The address a service owns, or ''. */
function ipOf(service: Service): string {
  const { clusterIP = '' } = service.spec;
  return clusterIP === 'None' ? '' : clusterIP;
}

function withIp(service: Service, ip: string | undefined): Service {
  const { clusterIP: _ip, clusterIPs: _ips, ...spec } = service.spec;
  return { ...service, spec: ip === undefined ? spec : { ...spec, clusterIP: ip, clusterIPs: [ip] } };
}

function parseIp(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

function formatIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
