import type { ApiObject } from '../api/types.ts';

/** An object and its JSON, made once and shared by every list and watch that shows it. */
export class EncodedObject {
  readonly object: ApiObject;
  #itemJson: string | undefined;

  constructor(object: ApiObject) {
    this.object = object;
  }

  /** As an item of a list: without `kind` and `apiVersion`, which the list says for all. */
  get itemJson(): string {
    if (this.#itemJson === undefined) {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = this.object;
      this.#itemJson = JSON.stringify(rest);
    }
    return this.#itemJson;
  }

  /** The whole object, `kind` and `apiVersion` first. */
  get json(): string {
    const { kind, apiVersion } = this.object;
    return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},${this.itemJson.slice(1)}`;
  }
}
