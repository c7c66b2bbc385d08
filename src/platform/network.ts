import type { Http } from './http.ts';
import type { Links } from './links.ts';
import type { Streams } from './streams.ts';

/** A host's network: HTTP, message links between members, and byte streams. */
export interface Network {
  readonly http: Http;
  readonly links: Links;
  readonly streams: Streams;
}

/** Where something listens. `host` is an address or a name that resolves to one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Something that listens. */
export interface Listener {
  /** The bound address; its port is the chosen one when port 0 was asked for. */
  readonly address: Address;
  /** Stops listening and breaks what was accepted. Idempotent. */
  close(): Promise<void>;
}

/** Who is at the other end, as its certificate says: CN and O. Absent where no certificate was shown. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

/** What one side proves itself with and judges the other by, as PEM texts. */
export interface TlsMaterial {
  /** The authority that signs the others' certificates. Empty: those that the system trusts. */
  readonly ca: string;
  /** This side's certificate. A client may have none: empty. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  readonly policy?: TlsPolicy;
}

/** What else is asked of a connection and of its other side. The simulator, which encrypts nothing, knows none of it. */
export interface TlsPolicy {
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names, joined by colons. */
  readonly ciphers?: string;
  /** Certificates of the authority that count no more, as a PEM text. */
  readonly crl?: string;
  /** Whoever connects shows a certificate for one of these hosts, or is cut off. */
  readonly allowedHosts?: readonly string[];
  /** Whoever connects shows a certificate with one of these common names, or is cut off. */
  readonly allowedNames?: readonly string[];
  /** Nobody's certificate is checked: encryption alone. */
  readonly unchecked?: boolean;
}
