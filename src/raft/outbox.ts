import type { Message } from './messages.ts';
import type { ReadState } from './ready.ts';

export interface Output {
  readonly messages: Message[];
  readonly messagesBeforeSync: Message[];
  readonly readStates: ReadState[];
}

/** What the next Ready hands out, split as it is there. */
export class Outbox {
  #messages: Message[] = [];
  #messagesBeforeSync: Message[] = [];
  #readStates: ReadState[] = [];

  get isEmpty(): boolean {
    return (
      this.#messages.length === 0 && this.#messagesBeforeSync.length === 0 && this.#readStates.length === 0
    );
  }

  add(message: Message, beforeSync: boolean): void {
    if (beforeSync) this.#messagesBeforeSync.push(message);
    else this.#messages.push(message);
  }

  addReadState(readState: ReadState): void {
    this.#readStates.push(readState);
  }

  take(): Output {
    const output = {
      messages: this.#messages,
      messagesBeforeSync: this.#messagesBeforeSync,
      readStates: this.#readStates,
    };
    this.#messages = [];
    this.#messagesBeforeSync = [];
    this.#readStates = [];
    return output;
  }
}
