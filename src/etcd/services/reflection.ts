import { must } from '../../base/assert.ts';
import { compareStrings } from '../../base/order.ts';
import type { CallEvents, GrpcMethod, GrpcMethods, ServerCall } from '../../grpc/service.ts';
import { grpcCode } from '../../grpc/status.ts';
import { describe, type DescriptorFile } from '../proto/descriptor.ts';
import { reflectionV1, reflectionV1Alpha } from '../proto/reflection.ts';
import { services } from '../proto/services.ts';
import { streamStatusOf } from './service.ts';

/** Answers are small, but questions smaller: who does not read them is not served on. */
const queuedBytesMax = 8 * 1024 * 1024;

/**
 * grpc.reflection.v1 and v1alpha: lets tools such as grpcurl call a member without its .proto files. The descriptors are made from the
 * tables when somebody first asks. Anybody may ask: they are no secret.
 */
export function reflectionService(): GrpcMethods {
  let files: DescriptorFiles | undefined;
  const filesOnce = (): DescriptorFiles => (files ??= new DescriptorFiles(describe(services)));
  return new Map<string, GrpcMethod>(
    [reflectionV1, reflectionV1Alpha].map((version) => [
      `/${version.service.name}/ServerReflectionInfo`,
      { open: (call) => reflect(version, filesOnce(), call) },
    ]),
  );
}

class DescriptorFiles {
  readonly #byName = new Map<string, DescriptorFile>();
  readonly #bySymbol = new Map<string, DescriptorFile>();

  constructor(files: readonly DescriptorFile[]) {
    for (const file of files) {
      this.#byName.set(file.name, file);
      for (const symbol of file.symbols) this.#bySymbol.set(symbol, file);
    }
  }

  named(name: string): readonly Uint8Array[] | undefined {
    const file = this.#byName.get(name);
    return file && this.#withDependencies(file);
  }

  declaring(symbol: string): readonly Uint8Array[] | undefined {
    const file = this.#bySymbol.get(symbol);
    return file && this.#withDependencies(file);
  }

  hasSymbol(symbol: string): boolean {
    return this.#bySymbol.has(symbol);
  }

  /** The file and, after it, all that it imports. */
  #withDependencies(file: DescriptorFile): readonly Uint8Array[] {
    const found = new Set([file]);
    // A set is walked in the order of insertion, what is added on the way included.
    for (const { dependencies } of found) {
      for (const name of dependencies) found.add(must(this.#byName.get(name)));
    }
    return [...found].map(({ encoded }) => encoded);
  }
}

type Version = typeof reflectionV1;

function reflect(version: Version, files: DescriptorFiles, call: ServerCall): CallEvents {
  return {
    message(bytes) {
      try {
        const request = version.ServerReflectionRequest.decode(bytes);
        const answer = answerTo(request, files);
        if (answer === undefined) {
          call.end({ code: grpcCode.invalidArgument, message: 'invalid MessageRequest' });
          return;
        }
        call.send(
          version.ServerReflectionResponse.encode({
            validHost: request.host,
            originalRequest: request,
            ...answer,
          }),
        );
        if (call.queuedBytes > queuedBytesMax) {
          call.end({ code: grpcCode.resourceExhausted, message: 'the answers are not read' });
        }
      } catch (error) {
        call.end(streamStatusOf(error));
      }
    },
    halfClosed() {
      call.end();
    },
    cancelled() {},
    drained() {},
  };
}

type Request = NonNullable<Version['ServerReflectionRequest']['value']>;
type Response = NonNullable<Version['ServerReflectionResponse']['value']>;

/** undefined: a question that is none. */
function answerTo(request: Request, files: DescriptorFiles): Partial<Response> | undefined {
  const notFound = (errorMessage: string): Partial<Response> => ({
    errorResponse: { errorCode: grpcCode.notFound, errorMessage },
  });
  const { fileByFilename, fileContainingSymbol, fileContainingExtension, allExtensionNumbersOfType } =
    request;
  if (request.listServices !== undefined) {
    const service = services.map(({ name }) => ({ name })).toSorted((a, b) => compareStrings(a.name, b.name));
    return { listServicesResponse: { service } };
  }
  if (fileByFilename !== undefined) {
    const found = files.named(fileByFilename);
    if (found === undefined) return notFound(`file not found: ${fileByFilename}`);
    return { fileDescriptorResponse: { fileDescriptorProto: found } };
  }
  if (fileContainingSymbol !== undefined) {
    const found = files.declaring(fileContainingSymbol);
    if (found === undefined) return notFound(`symbol not found: ${fileContainingSymbol}`);
    return { fileDescriptorResponse: { fileDescriptorProto: found } };
  }
  if (fileContainingExtension !== undefined) {
    const { containingType, extensionNumber } = fileContainingExtension;
    return notFound(`extension not found: ${containingType} ${extensionNumber}`);
  }
  if (allExtensionNumbersOfType !== undefined) {
    if (!files.hasSymbol(allExtensionNumbersOfType)) {
      return notFound(`type not found: ${allExtensionNumbersOfType}`);
    }
    return {
      allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType, extensionNumber: [] },
    };
  }
  return undefined;
}
