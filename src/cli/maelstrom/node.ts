import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What travels between Maelstrom's nodes and clients: one JSON object per line (Maelstrom's protocol.md). */
export interface Envelope {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

export interface Body {
  readonly type: string;
  readonly msg_id?: number;
  readonly in_reply_to?: number;
  readonly [field: string]: unknown;
}

/** Who this node is, and who there is. */
export interface Introduction {
  readonly nodeId: string;
  readonly nodeIds: readonly string[];
}

/** Maelstrom's codes: whoever gets a definite one knows that nothing happened. */
export const errorCodes = {
  timeout: 0,
  notSupported: 10,
  temporarilyUnavailable: 11,
  malformedRequest: 12,
  crash: 13,
  keyDoesNotExist: 20,
  preconditionFailed: 22,
  txnConflict: 30,
} as const;

/** A refusal with one of Maelstrom's codes. */
export class MaelstromError extends Error {
  override readonly name = 'MaelstromError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Standard input and output as Maelstrom uses them. */
export class MaelstromNode {
  readonly #output: Writable;
  #introduction: Introduction | undefined;
  #onMessage: ((message: Envelope) => void) | undefined;
  #nextId = 1;
  /** Resolves when the input has ended: the test is over. */
  readonly ended: Promise<void>;

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    this.ended = new Promise((resolve) => {
      const lines = createInterface({ input });
      lines.on('line', (line) => {
        if (line.trim() !== '') this.#receive(JSON.parse(line) as Envelope);
      });
      lines.once('close', resolve);
    });
  }

  /** Who this node is: Maelstrom's first message. What comes after it goes to `onMessage`. */
  introduced(onMessage: (message: Envelope) => void): Promise<Introduction> {
    this.#onMessage = onMessage;
    return new Promise((resolve) => {
      this.#resolveIntroduction = resolve;
    });
  }

  #resolveIntroduction: ((introduction: Introduction) => void) | undefined;

  send(dest: string, body: Body): void {
    const src = this.#introduction?.nodeId ?? '';
    this.#output.write(`${JSON.stringify({ src, dest, body: { msg_id: this.#nextId++, ...body } })}\n`);
  }

  reply(request: Envelope, body: Body): void {
    const { msg_id: id } = request.body;
    this.send(request.src, id === undefined ? body : { ...body, in_reply_to: id });
  }

  #receive(message: Envelope): void {
    if (message.body.type !== 'init') {
      this.#onMessage?.(message);
      return;
    }
    const { node_id: nodeId, node_ids: nodeIds } = message.body as unknown as {
      readonly node_id: string;
      readonly node_ids: readonly string[];
    };
    this.#introduction = { nodeId, nodeIds };
    this.#resolveIntroduction?.(this.#introduction);
    this.reply(message, { type: 'init_ok' });
  }
}
