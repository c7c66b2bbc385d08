import { ProtoReader, ProtoWriter } from '../../base/protobuf.ts';
import type { Permission, Role, User } from './auth-types.ts';

/** Users and roles as they are kept in the backend: etcd's own messages (authpb.User, authpb.Role). */

const writer = new ProtoWriter();

export function encodeUser(user: User): Uint8Array {
  writer.string(1, user.name);
  writer.string(2, user.passwordHash);
  for (const role of user.roles) writer.elementString(3, role);
  if (user.noPassword) writer.message(4, () => writer.bool(1, true));
  return writer.finish();
}

export function decodeUser(bytes: Uint8Array): User {
  const reader = new ProtoReader(bytes);
  let name = '';
  let passwordHash = '';
  let noPassword = false;
  const roles: string[] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) name = reader.string();
    else if (field === 2) passwordHash = reader.string();
    else if (field === 3) roles.push(reader.string());
    else if (field === 4) noPassword = decodeNoPassword(reader.message());
    else reader.skip();
  }
  return { name, passwordHash, noPassword, roles };
}

function decodeNoPassword(reader: ProtoReader): boolean {
  let noPassword = false;
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) noPassword = reader.bool();
    else reader.skip();
  }
  return noPassword;
}

export function encodeRole(role: Role): Uint8Array {
  writer.string(1, role.name);
  for (const permission of role.permissions) {
    writer.message(2, () => {
      writer.int(1, permission.type);
      writer.byteString(2, permission.key);
      writer.byteString(3, permission.rangeEnd);
    });
  }
  return writer.finish();
}

export function decodeRole(bytes: Uint8Array): Role {
  const reader = new ProtoReader(bytes);
  let name = '';
  const permissions: Permission[] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) name = reader.string();
    else if (field === 2) permissions.push(decodePermission(reader.message()));
    else reader.skip();
  }
  return { name, permissions };
}

function decodePermission(reader: ProtoReader): Permission {
  let type = 0;
  let key = '';
  let rangeEnd = '';
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === 1) type = reader.int32();
    else if (field === 2) key = reader.byteString();
    else if (field === 3) rangeEnd = reader.byteString();
    else reader.skip();
  }
  return { type, key, rangeEnd };
}
