import {
  bytes,
  int32,
  googleMessage,
  method,
  nested,
  oneof,
  repeated,
  type ServiceType,
  string,
} from './message.ts';

/** grpc.reflection.v1 and v1alpha: the same messages under two names (grpc/src/proto/grpc/reflection). */

const tables = (prefix: string) => {
  const ExtensionRequest = googleMessage(`${prefix}.ExtensionRequest`, {
    containing_type: string(1),
    extension_number: int32(2),
  });
  const ServerReflectionRequest = googleMessage(`${prefix}.ServerReflectionRequest`, {
    host: string(1),
    file_by_filename: oneof('message_request', string(3)),
    file_containing_symbol: oneof('message_request', string(4)),
    file_containing_extension: oneof(
      'message_request',
      nested(5, () => ExtensionRequest),
    ),
    all_extension_numbers_of_type: oneof('message_request', string(6)),
    list_services: oneof('message_request', string(7)),
  });
  const FileDescriptorResponse = googleMessage(`${prefix}.FileDescriptorResponse`, {
    file_descriptor_proto: repeated(bytes(1)),
  });
  const ExtensionNumberResponse = googleMessage(`${prefix}.ExtensionNumberResponse`, {
    base_type_name: string(1),
    extension_number: repeated(int32(2)),
  });
  const ServiceResponse = googleMessage(`${prefix}.ServiceResponse`, { name: string(1) });
  const ListServiceResponse = googleMessage(`${prefix}.ListServiceResponse`, {
    service: repeated(nested(1, () => ServiceResponse)),
  });
  const ErrorResponse = googleMessage(`${prefix}.ErrorResponse`, {
    error_code: int32(1),
    error_message: string(2),
  });
  const ServerReflectionResponse = googleMessage(`${prefix}.ServerReflectionResponse`, {
    valid_host: string(1),
    original_request: nested(2, () => ServerReflectionRequest),
    file_descriptor_response: oneof(
      'message_response',
      nested(4, () => FileDescriptorResponse),
    ),
    all_extension_numbers_response: oneof(
      'message_response',
      nested(5, () => ExtensionNumberResponse),
    ),
    list_services_response: oneof(
      'message_response',
      nested(6, () => ListServiceResponse),
    ),
    error_response: oneof(
      'message_response',
      nested(7, () => ErrorResponse),
    ),
  });
  const service: ServiceType = {
    name: `${prefix}.ServerReflection`,
    methods: [method('ServerReflectionInfo', ServerReflectionRequest, ServerReflectionResponse, [], 'both')],
  };
  return { ServerReflectionRequest, ServerReflectionResponse, service };
};

export const reflectionV1 = tables('grpc.reflection.v1');
export const reflectionV1Alpha = tables('grpc.reflection.v1alpha');
