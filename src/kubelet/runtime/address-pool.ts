import { assert, must } from '../../base/assert.ts';
import { formatIpv4, parseCidr, parseIpv4 } from '../../base/ipv4.ts';
import type { Cidr } from '../../base/ipv4.ts';

/**
 * Pod addresses of one node. The first address names the block, the second is the node's own by
 * custom, the last is the broadcast address: none of them is given out.
 */
export class AddressPool {
  readonly #block: Cidr;
  readonly #taken = new Set<number>();

  constructor(podCidr: string) {
    this.#block = must(parseCidr(podCidr), () => `podCidr is not an IPv4 block: ${podCidr}`);
    assert(this.#block.size >= 4, 'a pod block needs room for at least one pod');
  }

  /** The lowest free address, or undefined when all are taken. */
  allocate(): string | undefined {
    for (let offset = 2; offset < this.#block.size - 1; offset++) {
      const address = this.#block.base + offset;
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      return formatIpv4(address);
    }
    return undefined;
  }

  /** Takes an address that an earlier life gave out. False when it is taken or from another block. */
  claim(ip: string): boolean {
    const address = parseIpv4(ip);
    if (address === undefined || this.#taken.has(address)) return false;
    const offset = address - this.#block.base;
    if (offset < 2 || offset >= this.#block.size - 1) return false;
    this.#taken.add(address);
    return true;
  }

  release(ip: string): void {
    this.#taken.delete(must(parseIpv4(ip)));
  }
}
