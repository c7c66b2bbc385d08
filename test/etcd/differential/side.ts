import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, credentials, Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';

import { must } from '../../../src/base/assert.ts';
import { EtcdProcess, type EtcdOptions } from '../../e2e/etcd-process.ts';
import { methodOf } from './schema.ts';
import type { HttpStep, Metadata as PlainMetadata, UnaryStep } from './step.ts';
import { bytesOf, decode, encode, type Fields, type Value } from './wire.ts';

/** An answer before anything is masked. */
export type Answer =
  | { readonly ok: Fields; readonly type: string }
  | { readonly code: number; readonly message: string }
  | { readonly status: number; readonly headers: PlainMetadata; readonly body: string };

export interface StreamLog {
  readonly type: string;
  readonly method: string;
  readonly messages: Fields[];
  /** Requests that are sure to be answered, and are not yet. */
  awaited: number;
  ended?: { readonly code: number; readonly message: string };
}

interface OpenStream {
  readonly log: StreamLog;
  readonly requestType: string;
  readonly call: ClientDuplexStream<Buffer, Buffer>;
}

const identity = (bytes: Buffer): Buffer => bytes;
/** How bytes travel and when: everyone's own business. */
const headersApart: ReadonlySet<string> = new Set([
  'date',
  'content-length',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
]);
const unaryMillisMax = 15_000;
const keepAlive = 'Lease.LeaseKeepAlive';

/** One server under comparison, the connections to it, and the values that only it knows. */
export class Side {
  readonly process: EtcdProcess;
  readonly bindings = new Map<string, Value>();
  readonly #streams = new Map<string, OpenStream>();
  readonly #background = new Map<string, Promise<Answer>>();
  #client: Client;

  private constructor(process: EtcdProcess) {
    this.process = process;
    this.#client = connect(process.endpoint);
    this.bindings.set('revision', 1);
  }

  static async start(options: EtcdOptions): Promise<Side> {
    return new Side(await EtcdProcess.start(options));
  }

  /** What every stream has brought, by name. */
  get streams(): ReadonlyMap<string, StreamLog> {
    return new Map([...this.#streams].map(([name, { log }]) => [name, log]));
  }

  async unary(step: UnaryStep): Promise<Answer> {
    const { call, request = {}, raw, timeoutMillis, background } = step;
    const method = call.startsWith('/') ? undefined : methodOf(call);
    const own =
      method === undefined ? Buffer.alloc(0) : encode(method.request, this.#resolve(request) as Fields);
    const bytes = raw === undefined ? own : Buffer.concat([own, bytesOf(raw)]);
    const answer = new Promise<Answer>((resolve) => {
      this.#client.makeUnaryRequest(
        method?.path ?? call,
        identity,
        identity,
        bytes,
        this.#metadata(step.as, step.metadata),
        { deadline: Date.now() + (timeoutMillis ?? unaryMillisMax) },
        (error: ServiceError | null, response?: Buffer) => {
          if (error !== null) resolve({ code: error.code, message: error.details });
          else {
            const type = method?.response ?? 'Empty';
            const ok = decode(type, must(response));
            this.#remember(step, ok);
            resolve({ ok, type });
          }
        },
      );
    });
    if (background === undefined) return answer;
    this.#background.set(background, answer);
    return { ok: {}, type: 'Empty' };
  }

  join(name: string): Promise<Answer> {
    return must(this.#background.get(name), `nothing runs as ${name}`);
  }

  open(name: string, methodName: string, as?: string, metadata?: PlainMetadata): void {
    const method = methodOf(methodName);
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      identity,
      identity,
      this.#metadata(as, metadata),
    );
    const log: StreamLog = { type: method.response, method: methodName, messages: [], awaited: 0 };
    call.on('data', (bytes: Buffer) => {
      const message = decode(method.response, bytes);
      log.messages.push(message);
      if (message['created'] === true || methodName === keepAlive) log.awaited -= 1;
    });
    call.on('error', ({ code, details }: ServiceError) => (log.ended ??= { code, message: details }));
    call.on('status', ({ code, details }: { code: number; details: string }) => {
      log.ended ??= { code, message: details };
    });
    this.#streams.set(name, { log, requestType: method.request, call });
  }

  send(name: string, request: Fields, raw = ''): void {
    const { call, log, requestType } = this.#stream(name);
    if (request['create_request'] !== undefined || log.method === keepAlive) log.awaited += 1;
    call.write(Buffer.concat([encode(requestType, this.#resolve(request) as Fields), bytesOf(raw)]));
  }

  halfClose(name: string): void {
    this.#stream(name).call.end();
  }

  cancel(name: string): void {
    this.#stream(name).call.cancel();
  }

  http({ http: method, path, body, as, headers = {}, lines }: HttpStep): Promise<Answer> {
    const token = as === undefined ? undefined : must(this.bindings.get(`token ${as}`));
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.process.ports.client,
          method,
          path,
          agent: false,
          headers: { ...(token !== undefined && { authorization: String(token) }), ...headers },
        },
        (response) => {
          let text = '';
          const finish = (): void => {
            const headers: Record<string, string> = {};
            for (const [name, value] of Object.entries(response.headers)) {
              if (!headersApart.has(name)) headers[name] = String(value);
            }
            resolve({ status: response.statusCode ?? 0, headers, body: text });
          };
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
            if (lines === undefined || text.split('\n').length <= lines) return;
            finish();
            request.destroy();
          });
          response.on('end', finish);
        },
      );
      request.on('error', reject);
      request.setTimeout(unaryMillisMax, () => request.destroy(new Error(`${method} ${path}: no answer`)));
      if (body !== undefined)
        request.write(typeof body === 'string' ? body : JSON.stringify(this.#resolve(body as Fields)));
      request.end();
    });
  }

  /** Whether every stream has answered what it is sure to answer. */
  get answered(): boolean {
    return [...this.#streams.values()].every(({ log }) => log.awaited <= 0 || log.ended !== undefined);
  }

  /** What streams have brought so far is not compared any more. */
  forgetMessages(): void {
    for (const { log } of this.#streams.values()) {
      log.messages.length = 0;
      delete log.ended;
    }
  }

  /** A new cluster decides on its version a moment after it serves. */
  async clusterVersionDecided(): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      const answer = await this.http({ http: 'GET', path: '/version' });
      if ('body' in answer && !answer.body.includes('not_decided')) return;
      await sleep(100);
    }
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#streams.clear();
    this.#client.close();
    await this.process.stop(signal);
    await this.process.start();
    await this.clusterVersionDecided();
    this.#client = connect(this.process.endpoint);
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.process.close();
  }

  #stream(name: string): OpenStream {
    return must(this.#streams.get(name), `no stream ${name} is open`);
  }

  #metadata(as: string | undefined, plain: PlainMetadata = {}): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(plain)) metadata.set(name, value);
    if (as !== undefined) metadata.set('token', String(this.bindings.get(`token ${as}`) ?? 'no such token'));
    return metadata;
  }

  #remember({ bind = {}, login }: UnaryStep, answer: Fields): void {
    const revision = (answer['header'] as Fields | undefined)?.['revision'];
    if (Number(revision) > Number(this.bindings.get('revision')))
      this.bindings.set('revision', must(revision));
    if (login !== undefined) this.bindings.set(`token ${login}`, must(answer['token']));
    for (const [name, path] of Object.entries(bind)) {
      let value: unknown = answer;
      for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
      this.bindings.set(name, must(value as Value | undefined, `the answer has no ${path}`));
    }
  }

  #resolve(value: Value): Value {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (Array.isArray(value)) return value.map((one: Value) => this.#resolve(one));
    const fields = value as Fields;
    const ref = fields['ref'];
    if (typeof ref === 'string') {
      const bound = must(this.bindings.get(ref), `nothing is bound to ${ref}`);
      const plus = fields['plus'];
      return plus === undefined
        ? bound
        : Math.max(Number(bound) + Number(plus), Number(fields['least'] ?? -Infinity));
    }
    return Object.fromEntries(
      Object.entries(fields).map(([name, one]) => [name, one === undefined ? one : this.#resolve(one)]),
    ) as Fields;
  }
}

function connect(endpoint: string): Client {
  return new Client(endpoint, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.use_local_subchannel_pool': 1,
    // A call of this suite is made once: what a server does with it is what is compared.
    'grpc.enable_retries': 0,
  });
}
