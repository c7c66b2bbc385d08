import { text as admissionregistrationK8sIoV1 } from './admissionregistration.k8s.io-v1.ts';
import { text as apiextensionsK8sIoV1 } from './apiextensions.k8s.io-v1.ts';
import { text as apiregistrationK8sIoV1 } from './apiregistration.k8s.io-v1.ts';
import { text as appsV1 } from './apps-v1.ts';
import { text as authenticationK8sIoV1 } from './authentication.k8s.io-v1.ts';
import { text as authorizationK8sIoV1 } from './authorization.k8s.io-v1.ts';
import { text as autoscalingV1 } from './autoscaling-v1.ts';
import { text as autoscalingV2 } from './autoscaling-v2.ts';
import { text as batchV1 } from './batch-v1.ts';
import { text as certificatesK8sIoV1 } from './certificates.k8s.io-v1.ts';
import { text as coordinationK8sIoV1 } from './coordination.k8s.io-v1.ts';
import { text as discoveryK8sIoV1 } from './discovery.k8s.io-v1.ts';
import { text as eventsK8sIoV1 } from './events.k8s.io-v1.ts';
import { text as flowcontrolApiserverK8sIoV1 } from './flowcontrol.apiserver.k8s.io-v1.ts';
import { text as metaV1 } from './meta-v1.ts';
import { text as networkingK8sIoV1 } from './networking.k8s.io-v1.ts';
import { text as nodeK8sIoV1 } from './node.k8s.io-v1.ts';
import { text as policyV1 } from './policy-v1.ts';
import { text as rbacAuthorizationK8sIoV1 } from './rbac.authorization.k8s.io-v1.ts';
import { text as resourceK8sIoV1 } from './resource.k8s.io-v1.ts';
import { text as runtime } from './runtime.ts';
import { text as schedulingK8sIoV1 } from './scheduling.k8s.io-v1.ts';
import { text as storageK8sIoV1 } from './storage.k8s.io-v1.ts';
import { text as coreV1 } from './core-v1.ts';

/** The schema texts by group-version. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const schemaTexts: ReadonlyMap<string, string> = new Map([
  ['admissionregistration.k8s.io/v1', admissionregistrationK8sIoV1],
  ['apiextensions.k8s.io/v1', apiextensionsK8sIoV1],
  ['apiregistration.k8s.io/v1', apiregistrationK8sIoV1],
  ['apps/v1', appsV1],
  ['authentication.k8s.io/v1', authenticationK8sIoV1],
  ['authorization.k8s.io/v1', authorizationK8sIoV1],
  ['autoscaling/v1', autoscalingV1],
  ['autoscaling/v2', autoscalingV2],
  ['batch/v1', batchV1],
  ['certificates.k8s.io/v1', certificatesK8sIoV1],
  ['coordination.k8s.io/v1', coordinationK8sIoV1],
  ['discovery.k8s.io/v1', discoveryK8sIoV1],
  ['events.k8s.io/v1', eventsK8sIoV1],
  ['flowcontrol.apiserver.k8s.io/v1', flowcontrolApiserverK8sIoV1],
  ['meta/v1', metaV1],
  ['networking.k8s.io/v1', networkingK8sIoV1],
  ['node.k8s.io/v1', nodeK8sIoV1],
  ['policy/v1', policyV1],
  ['rbac.authorization.k8s.io/v1', rbacAuthorizationK8sIoV1],
  ['resource.k8s.io/v1', resourceK8sIoV1],
  ['runtime', runtime],
  ['scheduling.k8s.io/v1', schedulingK8sIoV1],
  ['storage.k8s.io/v1', storageK8sIoV1],
  ['v1', coreV1],
]);
