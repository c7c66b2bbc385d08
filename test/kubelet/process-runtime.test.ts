import { runtimeCompliance } from './runtime.compliance.ts';
import { osWorld, simWorld } from './worlds.ts';

runtimeCompliance('os', osWorld);
runtimeCompliance('sim', simWorld);
