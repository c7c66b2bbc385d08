import type { AuthRequest } from '../../src/mvcc/auth/auth-request.ts';
import type { Request, RequestAuth } from '../../src/etcd/request.ts';
import type { Event } from '../../src/mvcc/types.ts';
import type { Checker, FactType, Observation, Violation } from '../observations.ts';

interface Grant {
  readonly key: string;
  readonly rangeEnd: string;
  readonly type: number;
}

/** etcd's numbers of permissions that let somebody write: WRITE and READWRITE. */
const writing: ReadonlySet<number> = new Set([1, 2]);
const root = 'root';

/**
 * No write by a user without permission is ever applied, and none that was let in by rules that have changed since. It
 * keeps its own users and roles, from the requests in the log alone, and looks at what each request has changed.
 */
export class AuthRules implements Checker {
  readonly name = 'auth-rules';
  readonly sees: readonly FactType[] = ['request-applied'];
  readonly #users = new Map<string, Set<string>>();
  readonly #roles = new Map<string, Grant[]>();
  #enabled = false;
  #revision = 1;

  observe(seen: Observation): Violation | undefined {
    if (seen.type !== 'request-applied') return undefined;
    const message = this.#enabled
      ? this.#judge(seen.request, seen.auth, seen.events, seen.revision)
      : undefined;
    if (seen.request.type === 'auth') this.#apply(seen.request.request, seen.auth);
    return message === undefined ? undefined : { checker: this.name, atMillis: seen.atMillis, message };
  }

  finish(): undefined {
    return undefined;
  }

  #judge(
    request: Request,
    auth: RequestAuth | undefined,
    events: readonly Event[],
    revision: number,
  ): string | undefined {
    if (events.length === 0) return undefined;
    const what = `the ${request.type} that made revision ${revision}`;
    if (auth === undefined) {
      // Leases end by themselves, whoever holds them.
      return request.type === 'lease-revoke'
        ? undefined
        : `${what} was applied, but nobody said who asks for it`;
    }
    const { username, authRevision } = auth;
    if (authRevision < this.#revision && !(request.type === 'lease-revoke' && this.#isRoot(username))) {
      return `${what} was applied for ${username}, who was let in by the rules of auth revision ${authRevision}, but they are at ${this.#revision}`;
    }
    const forbidden = events.find(({ kv }) => !this.#mayWrite(username, kv.key));
    if (forbidden === undefined) return undefined;
    const roles = [...(this.#users.get(username) ?? [])].join(', ') || 'none';
    return `${what} was applied for ${username}, who may not write ${forbidden.kv.key}: their roles are ${roles}`;
  }

  #mayWrite(username: string, key: string): boolean {
    if (this.#isRoot(username)) return true;
    return [...(this.#users.get(username) ?? [])].some((role) =>
      (this.#roles.get(role) ?? []).some(
        (grant) => writing.has(grant.type) && reaches(grant.key, grant.rangeEnd, key),
      ),
    );
  }

  #isRoot(username: string): boolean {
    return this.#users.get(username)?.has(root) === true;
  }

  /** The rules of change, as far as they matter here: a request that is refused changes nothing. */
  #apply(request: AuthRequest, auth: RequestAuth | undefined): void {
    if (request.type === 'authenticate') return;
    if (this.#enabled && !this.#isRoot(auth?.username ?? '')) return;
    if (this.#change(request)) this.#revision++;
  }

  /** Returns whether anything has changed that counts. */
  #change(request: Exclude<AuthRequest, { readonly type: 'authenticate' }>): boolean {
    const protectedName = 'name' in request && this.#enabled && request.name === root;
    switch (request.type) {
      case 'enable':
        this.#enabled ||= this.#isRoot(root);
        return false;
      case 'disable': {
        const was = this.#enabled;
        this.#enabled = false;
        return was;
      }
      case 'user-add':
        if (request.name === '' || this.#users.has(request.name)) return false;
        this.#users.set(request.name, new Set());
        return true;
      case 'user-delete':
        return !protectedName && this.#users.delete(request.name);
      case 'user-change-password':
        return this.#users.has(request.name);
      case 'user-grant-role': {
        const roles = this.#users.get(request.name);
        if (roles === undefined || roles.has(request.role)) return false;
        if (request.role !== root && !this.#roles.has(request.role)) return false;
        roles.add(request.role);
        return true;
      }
      case 'user-revoke-role':
        if (protectedName && request.role === root) return false;
        return this.#users.get(request.name)?.delete(request.role) ?? false;
      case 'role-add':
        if (request.name === '' || this.#roles.has(request.name)) return false;
        this.#roles.set(request.name, []);
        return true;
      case 'role-delete':
        if (protectedName || !this.#roles.delete(request.name)) return false;
        for (const roles of this.#users.values()) roles.delete(request.name);
        return true;
      case 'role-grant-permission': {
        const { name, permission } = request;
        const grants = this.#roles.get(name);
        if (grants === undefined || permission === undefined) return false;
        const { key, rangeEnd } = permission;
        if (key === '' || (rangeEnd !== '' && rangeEnd !== '\0' && rangeEnd <= key)) return false;
        const same = grants.findIndex((one) => one.key === key && one.rangeEnd === rangeEnd);
        if (same >= 0) grants.splice(same, 1);
        grants.push(permission);
        return true;
      }
      case 'role-revoke-permission': {
        const grants = this.#roles.get(request.name) ?? [];
        const kept = grants.filter((one) => one.key !== request.key || one.rangeEnd !== request.rangeEnd);
        if (kept.length === grants.length) return false;
        this.#roles.set(request.name, kept);
        return true;
      }
    }
  }
}

function reaches(from: string, rangeEnd: string, key: string): boolean {
  if (rangeEnd === '') return key === from;
  return key >= from && (rangeEnd === '\0' || key < rangeEnd);
}
