import { assert, must } from '../base/assert.ts';
import { formatIpv4, parseCidr, parseIpv4 } from '../base/ipv4.ts';

/**
 * Where one node reaches a ClusterIP. Agents on one machine share its loopback and cannot all listen on
 * 127.96.0.10, so each maps the service block onto one of its own, keeping the place in the block.
 * The identity when both blocks are the same.
 *
 * @example mapServiceAddress('127.96.0.10', '127.96.0.0/16', '127.97.0.0/16') === '127.97.0.10'
 */
export function mapServiceAddress(clusterIP: string, serviceCidr: string, localBlock: string): string {
  const from = must(parseCidr(serviceCidr), () => `serviceCidr is not an IPv4 block: ${serviceCidr}`);
  const to = must(parseCidr(localBlock), () => `localBlock is not an IPv4 block: ${localBlock}`);
  assert(to.size >= from.size, 'the local block must have room for every ClusterIP');
  const address = parseIpv4(clusterIP);
  // An address from outside the block (set by hand) is nobody's but its own.
  if (address === undefined || address < from.base || address >= from.base + from.size) return clusterIP;
  return formatIpv4(to.base + (address - from.base));
}
