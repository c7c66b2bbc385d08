import type { DiskFaults } from '../disk/host-disk.ts';
import type { Host } from '../host.ts';
import type { RandomStream } from '../random-streams.ts';
import { either, hostsOf, rolesOf, rolesSchema, type Action, type Schema, type Stage } from './action.ts';
import {
  bytesRangeSchema,
  drawBytes,
  drawMillis,
  drawsOf,
  drawShare,
  durationRangeSchema,
  shareRangeSchema,
} from './ranges.ts';

interface DiskFault {
  readonly host: unknown;
  readonly 'slow-read'?: string;
  readonly 'slow-write'?: string;
  readonly 'slow-sync'?: string;
  readonly stall?: string;
  readonly full?: boolean;
  readonly room?: string;
  readonly 'read-error'?: string;
  readonly 'write-error'?: string;
  readonly 'sync-error'?: string;
  readonly 'read-rot'?: string;
  readonly misdirect?: string;
  readonly rot?: string;
}

const errorSchema: Schema = either(
  { const: 'once' },
  { const: 'once' },
  { ...shareRangeSchema, description: 'a share such as 10%, or once' },
);

/**
 * What is wrong with a disk from now on:
 *
 * `slow-read`, `slow-write`, `slow-sync: 2s`: each takes so much longer; 0s heals it. `stall: 5s`: it answers nothing for so long.
 * `full: true`: no byte more fits; `room: 64KiB`: so many do; `full: false` makes room again.
 * `read-error`, `write-error`, `sync-error: 10%`: chances of EIO; `once`: the next one fails and those after it succeed.
 * `read-rot: 1%`: chance that a read shows a wrong bit. `misdirect: 1%`: chance that a sync writes a sector in the wrong place.
 * `rot: any`: one bit turns, now, in any file or in one whose path contains the text.
 */
export const disk: Action = {
  name: 'disk',
  schema: {
    type: 'object',
    description: '{host: leader, slow-sync: 2s}, {host: leader, full: true} or both',
    properties: {
      host: rolesSchema,
      'slow-read': durationRangeSchema,
      'slow-write': durationRangeSchema,
      'slow-sync': durationRangeSchema,
      stall: durationRangeSchema,
      full: { type: 'boolean' },
      room: bytesRangeSchema,
      'read-error': errorSchema,
      'write-error': errorSchema,
      'sync-error': errorSchema,
      'read-rot': shareRangeSchema,
      misdirect: shareRangeSchema,
      rot: { type: 'string', minLength: 1, description: 'any, or a part of a path such as wal' },
    },
    required: ['host'],
    minProperties: 2,
    additionalProperties: false,
  },
  roles: (value) => rolesOf((value as DiskFault).host),
  check(value) {
    const { full, room } = value as DiskFault;
    return full !== undefined && room !== undefined ? 'says both full and room; leave one out' : undefined;
  },
  perform(value, stage) {
    const fault = value as DiskFault;
    const random = drawsOf('disk', value, stage);
    const hosts = hostsOf(fault.host, stage);
    for (const host of hosts) {
      slowDown(fault, host, stage, random);
      fill(fault, host, random);
      failAt(fault, host.disk.faults, random);
      destroy(fault, host, stage, random);
    }
    return hosts;
  },
};

function slowDown(fault: DiskFault, { disk: { faults } }: Host, stage: Stage, random: RandomStream): void {
  const { 'slow-read': read, 'slow-write': write, 'slow-sync': sync, stall } = fault;
  if (read !== undefined) faults.slowReadMillis = drawMillis(read, random);
  if (write !== undefined) faults.slowWriteMillis = drawMillis(write, random);
  if (sync !== undefined) faults.slowSyncMillis = drawMillis(sync, random);
  if (stall !== undefined) faults.stalledUntilMillis = stage.world.now + drawMillis(stall, random);
}

function fill({ full, room }: DiskFault, { disk: { faults, usedBytes } }: Host, random: RandomStream): void {
  if (full !== undefined) faults.capacityBytes = full ? usedBytes : undefined;
  if (room !== undefined) faults.capacityBytes = usedBytes + drawBytes(room, random);
}

function failAt(fault: DiskFault, faults: DiskFaults, random: RandomStream): void {
  const { 'read-error': read, 'write-error': write, 'sync-error': sync } = fault;
  if (read === 'once') faults.failReads = 1;
  else if (read !== undefined) faults.readErrorProbability = drawShare(read, random);
  if (write === 'once') faults.failWrites = 1;
  else if (write !== undefined) faults.writeErrorProbability = drawShare(write, random);
  if (sync === 'once') faults.failSyncs = 1;
  else if (sync !== undefined) faults.syncErrorProbability = drawShare(sync, random);
}

/** What destroys data asks the atlas first. */
function destroy(fault: DiskFault, host: Host, { world: { atlas } }: Stage, random: RandomStream): void {
  const { 'read-rot': readRot, misdirect, rot } = fault;
  const { faults } = host.disk;
  if (readRot === undefined && misdirect === undefined && rot === undefined) return;
  if (!atlas.mayDamage(host)) return;
  if (readRot !== undefined) faults.readRotProbability = drawShare(readRot, random);
  if (misdirect !== undefined) {
    faults.misdirectProbability = drawShare(misdirect, random);
    faults.misdirectsTails = atlas.isUnlimited;
  }
  if (rot !== undefined) host.disk.rot(rot === 'any' ? '' : rot, !atlas.isUnlimited);
}
