import { concatBytes } from '../../base/bytes.ts';
import type { GrpcMethod, ServerCall } from '../../grpc/service.ts';
import { notSupportedForLearnerError } from '../errors.ts';
import type { MessageType } from '../proto/message.ts';
import type { HeaderFacts } from '../wire/responses.ts';
import { requireLeader } from './leader.ts';
import { type ServiceContext, unary } from './service.ts';

/** What a method answers: fields of its response but the header, and what that says if it is not the present. */
export interface Answer<T> {
  readonly body?: Partial<T>;
  readonly facts?: HeaderFacts;
}

/** A unary method whose messages go by their tables, for calls that are not hot. Not served by learners. */
export function byTable<Q extends object, S extends object>(
  context: ServiceContext,
  request: MessageType<Q>,
  response: MessageType<S>,
  handle: (request: Q, call: ServerCall) => Promise<Answer<S>>,
): GrpcMethod {
  return unary((bytes, call) => {
    const decoded = request.decode(bytes);
    requireServing(context, call);
    return handle(decoded, call).then((answer) => encodeAnswer(context, response, answer));
  });
}

/** @throws EtcdError when this member cannot serve the call */
export function requireServing({ member }: ServiceContext, call: ServerCall): void {
  if (member.learner) throw notSupportedForLearnerError();
  requireLeader(member, call);
}

/** The response with its header, which is field 1 of all of them. */
export function encodeAnswer<S extends object>(
  { member, header }: ServiceContext,
  response: MessageType<S>,
  { body, facts }: Answer<S>,
): Uint8Array {
  const { revision, raftTerm } = facts ?? presentFacts(member);
  return concatBytes([header.alone(revision, raftTerm), response.encode(body ?? {})]);
}

export function presentFacts(member: ServiceContext['member']): HeaderFacts {
  return { revision: member.store.revision, raftTerm: member.term };
}
