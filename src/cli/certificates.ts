import { createPrivateKey, X509Certificate } from 'node:crypto';

import { DiskError } from '../platform/errors.ts';
import { loadTlsMaterial, tlsFiles, type TlsMaterial } from '../platform/os/tls.ts';
import { CliError } from './cli-error.ts';

/**
 * Reads a process's certificate and checks that its parts belong together: a handshake that fails later could
 * only say that it failed.
 *
 * @throws CliError naming the file, what is wrong and what to do
 */
export async function loadCertificate(owner: string, directory: string): Promise<TlsMaterial> {
  const remedy = `remove ${directory} and run \`drydock up\` or \`drydock init\`, which makes a new one`;
  let material: TlsMaterial;
  try {
    material = await loadTlsMaterial(directory);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new CliError(`${owner} has no certificate (${error.message}): ${remedy}`, { cause: error });
  }
  const read = <T>(name: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      throw new CliError(`${directory}/${name} is damaged (it is no PEM text): ${remedy}`, { cause: error });
    }
  };
  const ca = read(tlsFiles.ca, () => new X509Certificate(material.ca));
  const certificate = read(tlsFiles.cert, () => new X509Certificate(material.cert));
  const key = read(tlsFiles.key, () => createPrivateKey(material.key));
  if (!certificate.checkPrivateKey(key)) {
    throw new CliError(
      `${directory}/${tlsFiles.key} is not the key of ${tlsFiles.cert} beside it: ${remedy}`,
    );
  }
  if (!certificate.verify(ca.publicKey)) {
    throw new CliError(
      `${directory}/${tlsFiles.cert} was not signed by the authority in ${tlsFiles.ca} beside it: ${remedy}`,
    );
  }
  return material;
}
