import type { Action } from './action.ts';
import { clock } from './clock.ts';
import { crash } from './crash.ts';
import { cut } from './cut.ts';
import { disk } from './disk.ts';
import { heal } from './heal.ts';
import { kill } from './kill.ts';
import { pause } from './pause.ts';
import { restart } from './restart.ts';
import { scale } from './scale.ts';

/** The timeline's vocabulary. */
export const actions: readonly Action[] = [crash, kill, restart, pause, cut, heal, disk, clock, scale];
