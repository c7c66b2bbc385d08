import type { Http } from '../../src/platform/http.ts';
import type { Links } from '../../src/platform/links.ts';
import type { Network } from '../../src/platform/network.ts';
import type { Streams } from '../../src/platform/streams.ts';
import type { Life } from '../life.ts';
import type { Fabric, NetworkHost } from './fabric.ts';
import { SimulatedHttp } from './simulated-http.ts';
import { SimulatedLinks } from './simulated-links.ts';
import { SimulatedStreams } from './simulated-streams.ts';

/** The network as one life sees it. */
export class SimulatedNetwork implements Network {
  readonly http: Http;
  readonly links: Links;
  readonly streams: Streams;

  constructor(life: Life, host: NetworkHost, fabric: Fabric) {
    this.http = new SimulatedHttp(life, host, fabric);
    this.links = new SimulatedLinks(life, host, fabric);
    this.streams = new SimulatedStreams(life, host, fabric);
  }
}
