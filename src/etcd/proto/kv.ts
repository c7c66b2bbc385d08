import { bytes, enumeration, int64, int64Id, message, nested } from './message.ts';

/** mvccpb (api/mvccpb/kv.proto) */

export const KeyValue = message('mvccpb.KeyValue', {
  key: bytes(1),
  create_revision: int64(2),
  mod_revision: int64(3),
  version: int64(4),
  value: bytes(5),
  lease: int64Id(6),
});

export const eventType = { name: 'mvccpb.Event.EventType', values: { PUT: 0, DELETE: 1 } } as const;

export const Event = message('mvccpb.Event', {
  type: enumeration(1, eventType),
  kv: nested(2, () => KeyValue),
  prev_kv: nested(3, () => KeyValue),
});
