import type { Action } from './action.ts';
import { atlas } from './atlas.ts';
import { clock } from './clock.ts';
import { clog } from './clog.ts';
import { crashPoint } from './crash-point.ts';
import { crash } from './crash.ts';
import { cut } from './cut.ts';
import { disk } from './disk.ts';
import { copyDisk, oldDisk, swapDisks, wipe } from './disks.ts';
import { flap } from './flap.ts';
import { halfOpen } from './half-open.ts';
import { heal } from './heal.ts';
import { kill } from './kill.ts';
import { mend } from './mend.ts';
import { network } from './network.ts';
import { partition } from './partition.ts';
import { pause } from './pause.ts';
import { rare } from './rare.ts';
import { recreate } from './recreate.ts';
import { reset } from './reset.ts';
import { restart } from './restart.ts';
import { scale } from './scale.ts';
import { swizzle } from './swizzle.ts';

/** The timeline's vocabulary. */
export const actions: readonly Action[] = [
  crash,
  crashPoint,
  kill,
  restart,
  pause,
  cut,
  partition,
  clog,
  swizzle,
  flap,
  network,
  reset,
  halfOpen,
  heal,
  disk,
  wipe,
  swapDisks,
  copyDisk,
  oldDisk,
  clock,
  rare,
  mend,
  atlas,
  scale,
  recreate,
];
