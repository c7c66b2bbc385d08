import { decodeUtf8, encodeUtf8 } from '../base/bytes.ts';

/** Status codes of gRPC (grpc/doc/statuscodes.md), by name. */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** How a call ended. `code` is a gRPC status code; 0 is success, and then nobody reads `message`. */
export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
}

export const okStatus: GrpcStatus = { code: grpcCode.ok, message: '' };

/** A call that failed, as its client sees it. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: number;
  /** Whether any byte of the request may have reached a server that could act on it: no blind retry of a write. */
  readonly sent: boolean;

  constructor(code: number, message: string, sent: boolean) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

/** `grpc-message` as it travels: bytes outside space..~ and the percent sign escaped (gRPC over HTTP/2, "Status-Message"). */
export function encodeStatusMessage(message: string): string {
  if (!/[^ -$&-~]/.test(message)) return message;
  let text = '';
  for (const byte of encodeUtf8(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** The reverse; what is no valid escape stands for itself. */
export function decodeStatusMessage(text: string): string {
  if (!text.includes('%')) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const digits = text.slice(i + 1, i + 3);
    if (text[i] === '%' && /^[0-9a-fA-F]{2}$/.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      i += 2;
    } else {
      bytes.push(text.charCodeAt(i) & 0xff);
    }
  }
  return decodeUtf8(Uint8Array.from(bytes));
}
