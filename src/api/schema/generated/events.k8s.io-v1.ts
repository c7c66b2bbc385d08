/** The types of events.k8s.io/v1. Written by `npm run generate:api`, not by hand; the form is that of
 * src/cli/api-generator. Derived from the Kubernetes API, 1.36 (Apache-2.0). */
export const text = `
Event
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ObjectMeta
  eventTime 2 MicroTime required
  series 3 EventSeries pointer omitempty
  reportingController 4 string omitempty
  reportingInstance 5 string omitempty
  action 6 string omitempty
  reason 7 string omitempty
  regarding 8 v1.ObjectReference omitempty
  related 9 v1.ObjectReference pointer omitempty
  note 10 string omitempty
  type 11 string omitempty
  deprecatedSource 12 v1.EventSource omitempty
  deprecatedFirstTimestamp 13 Time omitempty
  deprecatedLastTimestamp 14 Time omitempty
  deprecatedCount 15 int32 omitempty
EventList
  @inline - meta/v1.TypeMeta
  metadata 1 meta/v1.ListMeta omitempty
  items 2 []Event required
EventSeries
  count 1 int32 required
  lastObservedTime 2 MicroTime required
`;
