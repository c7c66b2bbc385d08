import { bytes, enumeration, message } from './message.ts';

/** authpb (api/authpb/auth.proto), what of it goes over the wire. */

const permissionType = {
  name: 'authpb.Permission.Type',
  values: { READ: 0, WRITE: 1, READWRITE: 2 },
} as const;

export const Permission = message('authpb.Permission', {
  permType: enumeration(1, permissionType),
  key: bytes(2),
  range_end: bytes(3),
});
