/** The resources that a default server serves. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
v1 bindings binding Binding namespaced -
  verbs create
v1 componentstatuses componentstatus ComponentStatus cluster -
  verbs get,list
  short cs
v1 configmaps configmap ConfigMap namespaced /registry/configmaps
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short cm
  column 0 string Name
  column 0 string Data
  column 0 string Age
v1 endpoints endpoints Endpoints namespaced /registry/services/endpoints
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short ep
  column 0 - Name
  column 0 - Endpoints
  column 0 - Age
v1 events event Event namespaced /registry/events
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short ev
  column 0 string Last Seen
  column 0 string Type
  column 0 string Reason
  column 0 string Object
  column 1 string Subobject
  column 1 string Source
  column 0 string Message
  column 1 string First Seen
  column 1 string Count
  column 1 string Name
  field involvedObject.kind
  field involvedObject.namespace
  field involvedObject.name
  field involvedObject.uid
  field involvedObject.apiVersion
  field involvedObject.resourceVersion
  field involvedObject.fieldPath
  field reason
  field reportingComponent
  field source
  field type
v1 limitranges limitrange LimitRange namespaced /registry/limitranges
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short limits
v1 namespaces namespace Namespace cluster /registry/namespaces
  verbs create,delete,get,list,patch,update,watch
  short ns
  sub finalize v1 Namespace update
  sub status v1 Namespace get,patch,update
  column 0 string Name
  column 0 string Status
  column 0 string Age
  field status.phase
v1 nodes node Node cluster /registry/minions
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short no
  sub proxy v1 NodeProxyOptions create,delete,get,patch,update
  sub status v1 Node get,patch,update
  column 0 string Name
  column 0 string Status
  column 0 string Roles
  column 0 string Age
  column 0 string Version
  column 1 string Internal-IP
  column 1 string External-IP
  column 1 string OS-Image
  column 1 string Kernel-Version
  column 1 string Container-Runtime
  field spec.unschedulable
v1 persistentvolumeclaims persistentvolumeclaim PersistentVolumeClaim namespaced /registry/persistentvolumeclaims
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short pvc
  sub status v1 PersistentVolumeClaim get,patch,update
  column 0 - Name
  column 0 - Status
  column 0 - Volume
  column 0 - Capacity
  column 0 - Access Modes
  column 0 - StorageClass
  column 0 - VolumeAttributesClass
  column 0 - Age
  column 1 - VolumeMode
v1 persistentvolumes persistentvolume PersistentVolume cluster /registry/persistentvolumes
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short pv
  sub status v1 PersistentVolume get,patch,update
  column 0 - Name
  column 0 - Capacity
  column 0 - Access Modes
  column 0 - Reclaim Policy
  column 0 - Status
  column 0 - Claim
  column 0 - StorageClass
  column 0 - VolumeAttributesClass
  column 0 - Reason
  column 0 - Age
  column 1 - VolumeMode
v1 pods pod Pod namespaced /registry/pods
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short po
  categories all
  sub attach v1 PodAttachOptions create,get
  sub binding v1 Binding create
  sub ephemeralcontainers v1 Pod get,patch,update
  sub eviction policy/v1 Eviction create
  sub exec v1 PodExecOptions create,get
  sub log v1 Pod get
  sub portforward v1 PodPortForwardOptions create,get
  sub proxy v1 PodProxyOptions create,delete,get,patch,update
  sub resize v1 Pod get,patch,update
  sub status v1 Pod get,patch,update
  column 0 string Name
  column 0 string Ready
  column 0 string Status
  column 0 string Restarts
  column 0 string Age
  column 1 string IP
  column 1 string Node
  column 1 string Nominated Node
  column 1 string Readiness Gates
  field spec.nodeName
  field spec.restartPolicy
  field spec.schedulerName
  field spec.serviceAccountName
  field spec.hostNetwork
  field status.phase
  field status.podIP
  field status.podIPs
  field status.nominatedNodeName
v1 podtemplates podtemplate PodTemplate namespaced /registry/podtemplates
  verbs create,delete,deletecollection,get,list,patch,update,watch
v1 replicationcontrollers replicationcontroller ReplicationController namespaced /registry/controllers
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short rc
  categories all
  sub scale autoscaling/v1 Scale get,patch,update
  sub status v1 ReplicationController get,patch,update
  column 0 string Name
  column 0 integer Desired
  column 0 integer Current
  column 0 integer Ready
  column 0 string Age
  column 1 string Containers
  column 1 string Images
  column 1 string Selector
  field status.replicas
v1 resourcequotas resourcequota ResourceQuota namespaced /registry/resourcequotas
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short quota
  sub status v1 ResourceQuota get,patch,update
  column 0 - Name
  column 0 - Request
  column 0 - Limit
  column 0 - Age
v1 secrets secret Secret namespaced /registry/secrets
  verbs create,delete,deletecollection,get,list,patch,update,watch
  column 0 - Name
  column 0 - Type
  column 0 - Data
  column 0 - Age
  field type
v1 serviceaccounts serviceaccount ServiceAccount namespaced /registry/serviceaccounts
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short sa
  sub token authentication.k8s.io/v1 TokenRequest create
  column 0 - Name
  column 0 - Age
v1 services service Service namespaced /registry/services/specs
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short svc
  categories all
  sub proxy v1 ServiceProxyOptions create,delete,get,patch,update
  sub status v1 Service get,patch,update
  column 0 string Name
  column 0 string Type
  column 0 string Cluster-IP
  column 0 string External-IP
  column 0 string Port(s)
  column 0 string Age
  column 1 string Selector
  field spec.clusterIP
  field spec.type
apiregistration.k8s.io/v1 apiservices apiservice APIService cluster /registry/apiregistration.k8s.io/apiservices
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
  sub status apiregistration.k8s.io/v1 APIService get,patch,update
apps/v1 controllerrevisions controllerrevision ControllerRevision namespaced /registry/controllerrevisions
  verbs create,delete,deletecollection,get,list,patch,update,watch
apps/v1 daemonsets daemonset DaemonSet namespaced /registry/daemonsets
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short ds
  categories all
  sub status apps/v1 DaemonSet get,patch,update
  column 0 string Name
  column 0 integer Desired
  column 0 integer Current
  column 0 integer Ready
  column 0 integer Up-to-date
  column 0 integer Available
  column 0 string Node Selector
  column 0 string Age
  column 1 string Containers
  column 1 string Images
  column 1 string Selector
apps/v1 deployments deployment Deployment namespaced /registry/deployments
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short deploy
  categories all
  sub scale autoscaling/v1 Scale get,patch,update
  sub status apps/v1 Deployment get,patch,update
  column 0 string Name
  column 0 string Ready
  column 0 string Up-to-date
  column 0 string Available
  column 0 string Age
  column 1 string Containers
  column 1 string Images
  column 1 string Selector
apps/v1 replicasets replicaset ReplicaSet namespaced /registry/replicasets
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short rs
  categories all
  sub scale autoscaling/v1 Scale get,patch,update
  sub status apps/v1 ReplicaSet get,patch,update
  column 0 string Name
  column 0 integer Desired
  column 0 integer Current
  column 0 integer Ready
  column 0 string Age
  column 1 string Containers
  column 1 string Images
  column 1 string Selector
  field status.replicas
apps/v1 statefulsets statefulset StatefulSet namespaced /registry/statefulsets
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short sts
  categories all
  sub scale autoscaling/v1 Scale get,patch,update
  sub status apps/v1 StatefulSet get,patch,update
  column 0 string Name
  column 0 string Ready
  column 0 string Age
  column 1 string Containers
  column 1 string Images
events.k8s.io/v1 events event Event namespaced /registry/events
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short ev
  field regarding.kind
  field regarding.namespace
  field regarding.name
  field regarding.uid
  field regarding.apiVersion
  field regarding.resourceVersion
  field regarding.fieldPath
  field reason
  field reportingController
  field type
authentication.k8s.io/v1 selfsubjectreviews selfsubjectreview SelfSubjectReview cluster -
  verbs create
authentication.k8s.io/v1 tokenreviews tokenreview TokenReview cluster -
  verbs create
authorization.k8s.io/v1 localsubjectaccessreviews localsubjectaccessreview LocalSubjectAccessReview namespaced -
  verbs create
authorization.k8s.io/v1 selfsubjectaccessreviews selfsubjectaccessreview SelfSubjectAccessReview cluster -
  verbs create
authorization.k8s.io/v1 selfsubjectrulesreviews selfsubjectrulesreview SelfSubjectRulesReview cluster -
  verbs create
authorization.k8s.io/v1 subjectaccessreviews subjectaccessreview SubjectAccessReview cluster -
  verbs create
autoscaling/v2 horizontalpodautoscalers horizontalpodautoscaler HorizontalPodAutoscaler namespaced /registry/horizontalpodautoscalers
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short hpa
  categories all
  sub status autoscaling/v2 HorizontalPodAutoscaler get,patch,update
  column 0 string Name
  column 0 string Reference
  column 0 string Targets
  column 0 string MinPods
  column 0 string MaxPods
  column 0 string Replicas
  column 0 string Age
autoscaling/v1 horizontalpodautoscalers horizontalpodautoscaler HorizontalPodAutoscaler namespaced /registry/horizontalpodautoscalers
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short hpa
  categories all
  sub status autoscaling/v1 HorizontalPodAutoscaler get,patch,update
  column 0 string Name
  column 0 string Reference
  column 0 string Targets
  column 0 string MinPods
  column 0 string MaxPods
  column 0 string Replicas
  column 0 string Age
batch/v1 cronjobs cronjob CronJob namespaced /registry/cronjobs
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short cj
  categories all
  sub status batch/v1 CronJob get,patch,update
  column 0 string Name
  column 0 string Schedule
  column 0 string Timezone
  column 0 boolean Suspend
  column 0 integer Active
  column 0 string Last Schedule
  column 0 string Age
  column 1 string Containers
  column 1 string Images
  column 1 string Selector
batch/v1 jobs job Job namespaced /registry/jobs
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories all
  sub status batch/v1 Job get,patch,update
  column 0 string Name
  column 0 string Status
  column 0 string Completions
  column 0 string Duration
  column 0 string Age
  column 1 string Containers
  column 1 string Images
  column 1 string Selector
  field status.successful
certificates.k8s.io/v1 certificatesigningrequests certificatesigningrequest CertificateSigningRequest cluster /registry/certificatesigningrequests
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short csr
  sub approval certificates.k8s.io/v1 CertificateSigningRequest get,patch,update
  sub status certificates.k8s.io/v1 CertificateSigningRequest get,patch,update
  column 0 - Name
  column 0 - Age
  column 0 - SignerName
  column 0 - Requestor
  column 0 - RequestedDuration
  column 0 - Condition
  field spec.signerName
networking.k8s.io/v1 ingressclasses ingressclass IngressClass cluster /registry/ingressclasses
  verbs create,delete,deletecollection,get,list,patch,update,watch
networking.k8s.io/v1 ingresses ingress Ingress namespaced /registry/ingress
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short ing
  sub status networking.k8s.io/v1 Ingress get,patch,update
  column 0 - Name
  column 0 - Class
  column 0 - Hosts
  column 0 - Address
  column 0 - Ports
  column 0 - Age
networking.k8s.io/v1 ipaddresses ipaddress IPAddress cluster /registry/ipaddresses
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short ip
networking.k8s.io/v1 networkpolicies networkpolicy NetworkPolicy namespaced /registry/networkpolicies
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short netpol
networking.k8s.io/v1 servicecidrs servicecidr ServiceCIDR cluster /registry/servicecidrs
  verbs create,delete,deletecollection,get,list,patch,update,watch
  sub status networking.k8s.io/v1 ServiceCIDR get,patch,update
policy/v1 poddisruptionbudgets poddisruptionbudget PodDisruptionBudget namespaced /registry/poddisruptionbudgets
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short pdb
  sub status policy/v1 PodDisruptionBudget get,patch,update
  column 0 - Name
  column 0 - Min Available
  column 0 - Max Unavailable
  column 0 - Allowed Disruptions
  column 0 - Age
rbac.authorization.k8s.io/v1 clusterrolebindings clusterrolebinding ClusterRoleBinding cluster /registry/clusterrolebindings
  verbs create,delete,deletecollection,get,list,patch,update,watch
  column 0 - Name
  column 0 - Role
  column 0 - Age
  column 1 - Users
  column 1 - Groups
  column 1 - ServiceAccounts
rbac.authorization.k8s.io/v1 clusterroles clusterrole ClusterRole cluster /registry/clusterroles
  verbs create,delete,deletecollection,get,list,patch,update,watch
rbac.authorization.k8s.io/v1 rolebindings rolebinding RoleBinding namespaced /registry/rolebindings
  verbs create,delete,deletecollection,get,list,patch,update,watch
  column 0 - Name
  column 0 - Role
  column 0 - Age
  column 1 - Users
  column 1 - Groups
  column 1 - ServiceAccounts
rbac.authorization.k8s.io/v1 roles role Role namespaced /registry/roles
  verbs create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io/v1 csidrivers csidriver CSIDriver cluster /registry/csidrivers
  verbs create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io/v1 csinodes csinode CSINode cluster /registry/csinodes
  verbs create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io/v1 csistoragecapacities csistoragecapacity CSIStorageCapacity namespaced /registry/csistoragecapacities
  verbs create,delete,deletecollection,get,list,patch,update,watch
storage.k8s.io/v1 storageclasses storageclass StorageClass cluster /registry/storageclasses
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short sc
  column 0 - Name
  column 0 - Provisioner
  column 0 - ReclaimPolicy
  column 0 - VolumeBindingMode
  column 0 - AllowVolumeExpansion
  column 0 - Age
storage.k8s.io/v1 volumeattachments volumeattachment VolumeAttachment cluster /registry/volumeattachments
  verbs create,delete,deletecollection,get,list,patch,update,watch
  sub status storage.k8s.io/v1 VolumeAttachment get,patch,update
storage.k8s.io/v1 volumeattributesclasses volumeattributesclass VolumeAttributesClass cluster /registry/volumeattributesclasses
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short vac
admissionregistration.k8s.io/v1 mutatingadmissionpolicies mutatingadmissionpolicy MutatingAdmissionPolicy cluster /registry/mutatingadmissionpolicies
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings mutatingadmissionpolicybinding MutatingAdmissionPolicyBinding cluster /registry/mutatingadmissionpolicybindings
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations mutatingwebhookconfiguration MutatingWebhookConfiguration cluster /registry/mutatingwebhookconfigurations
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
admissionregistration.k8s.io/v1 validatingadmissionpolicies validatingadmissionpolicy ValidatingAdmissionPolicy cluster /registry/validatingadmissionpolicies
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
  sub status admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy get,patch,update
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings validatingadmissionpolicybinding ValidatingAdmissionPolicyBinding cluster /registry/validatingadmissionpolicybindings
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
admissionregistration.k8s.io/v1 validatingwebhookconfigurations validatingwebhookconfiguration ValidatingWebhookConfiguration cluster /registry/validatingwebhookconfigurations
  verbs create,delete,deletecollection,get,list,patch,update,watch
  categories api-extensions
apiextensions.k8s.io/v1 customresourcedefinitions customresourcedefinition CustomResourceDefinition cluster /registry/apiextensions.k8s.io/customresourcedefinitions
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short crd,crds
  categories api-extensions
  sub status apiextensions.k8s.io/v1 CustomResourceDefinition get,patch,update
scheduling.k8s.io/v1 priorityclasses priorityclass PriorityClass cluster /registry/priorityclasses
  verbs create,delete,deletecollection,get,list,patch,update,watch
  short pc
  column 0 - Name
  column 0 - Value
  column 0 - Global-Default
  column 0 - Age
  column 0 - PreemptionPolicy
coordination.k8s.io/v1 leases lease Lease namespaced /registry/leases
  verbs create,delete,deletecollection,get,list,patch,update,watch
  column 0 - Name
  column 0 - Holder
  column 0 - Age
node.k8s.io/v1 runtimeclasses runtimeclass RuntimeClass cluster /registry/runtimeclasses
  verbs create,delete,deletecollection,get,list,patch,update,watch
discovery.k8s.io/v1 endpointslices endpointslice EndpointSlice namespaced /registry/endpointslices
  verbs create,delete,deletecollection,get,list,patch,update,watch
  column 0 - Name
  column 0 - AddressType
  column 0 - Ports
  column 0 - Endpoints
  column 0 - Age
resource.k8s.io/v1 deviceclasses deviceclass DeviceClass cluster /registry/deviceclasses
  verbs create,delete,deletecollection,get,list,patch,update,watch
resource.k8s.io/v1 resourceclaims resourceclaim ResourceClaim namespaced /registry/resourceclaims
  verbs create,delete,deletecollection,get,list,patch,update,watch
  sub status resource.k8s.io/v1 ResourceClaim get,patch,update
resource.k8s.io/v1 resourceclaimtemplates resourceclaimtemplate ResourceClaimTemplate namespaced /registry/resourceclaimtemplates
  verbs create,delete,deletecollection,get,list,patch,update,watch
resource.k8s.io/v1 resourceslices resourceslice ResourceSlice cluster /registry/resourceslices
  verbs create,delete,deletecollection,get,list,patch,update,watch
  field spec.nodeName
  field spec.driver
flowcontrol.apiserver.k8s.io/v1 flowschemas flowschema FlowSchema cluster /registry/flowschemas
  verbs create,delete,deletecollection,get,list,patch,update,watch
  sub status flowcontrol.apiserver.k8s.io/v1 FlowSchema get,patch,update
flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations prioritylevelconfiguration PriorityLevelConfiguration cluster /registry/prioritylevelconfigurations
  verbs create,delete,deletecollection,get,list,patch,update,watch
  sub status flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration get,patch,update
`;
