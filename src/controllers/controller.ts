import type { ApiClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informers } from '../client/shared-informer.ts';
import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import type { ControllerTiming } from './timing.ts';

/** What a controller is given. */
export interface ControllerContext {
  readonly platform: Platform;
  readonly client: ApiClient;
  readonly informers: Informers;
  readonly recorder: EventRecorder;
  readonly timing: ControllerTiming;
  /** Names the controller in each line. */
  readonly logger: Logger;
}

export interface Controller {
  /** kube-controller-manager's name for it. */
  readonly name: string;
  /**
   * Asks for its informers, adds its handlers, and returns what runs it. That is called once the informers
   * are synced, and works until `signal` aborts.
   */
  start(context: ControllerContext): (signal: AbortSignal) => Promise<void>;
}
