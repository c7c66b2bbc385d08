import { describe, expect, it } from 'vitest';

import type { ConfigMap, EnvVar, Service } from '../../src/api/types.ts';
import {
  expandVariables,
  resolveEnvironment,
  serviceEnvironment,
} from '../../src/kubelet/pod-environment.ts';
import { podOf } from './objects.ts';

const metadata = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-23T00:00:00Z' };
const settings: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...metadata, name: 'settings', namespace: 'default' },
  data: { color: 'blue' },
};

function resolve(env: readonly EnvVar[]) {
  const pod = podOf({ container: { env } });
  return resolveEnvironment(pod.spec.containers[0]!, {
    pod,
    podIP: '127.20.0.2',
    hostIP: '127.0.0.1',
    configMaps: new Map([['settings', settings]]),
    services: { WEB_SERVICE_HOST: '127.97.0.1' },
  });
}

const field = (fieldPath: string): EnvVar => ({ name: 'X', valueFrom: { fieldRef: { fieldPath } } });
const key = (name: string, key: string, optional = false): EnvVar => ({
  name: 'X',
  valueFrom: { configMapKeyRef: { name, key, optional } },
});

describe('environment of a container', () => {
  it('expands what came before it', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)-$(C)-$(WEB_SERVICE_HOST)' },
      { name: 'C', value: '3' },
    ];
    expect(resolve(env)).toMatchObject({ ok: true, value: { A: '1', B: '1-$(C)-127.97.0.1', C: '3' } });
  });

  it.each([
    ['$(A)', '1'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(UNKNOWN)', '$(UNKNOWN)'],
    ['$A and $', '$A and $'],
    ['$(toString)', '$(toString)'],
  ])('%s is %s', (text, expected) => {
    expect(expandVariables(text, { A: '1' })).toBe(expected);
  });

  it.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'u1'],
    ['spec.nodeName', 'node-1'],
    ['status.podIP', '127.20.0.2'],
    ['status.hostIP', '127.0.0.1'],
  ])('field %s', (path, expected) => {
    expect(resolve([field(path)])).toMatchObject({ ok: true, value: { X: expected } });
  });

  it.each([
    [key('settings', 'color'), { ok: true, value: { X: 'blue' } }],
    [key('nope', 'color'), { ok: false, error: 'configmap "nope" not found' }],
    [key('settings', 'size'), { ok: false, error: "couldn't find key size in ConfigMap default/settings" }],
    [field('spec.bogus'), { ok: false, error: 'unsupported fieldPath: spec.bogus' }],
  ])('%j', (variable, expected) => {
    expect(resolve([variable])).toMatchObject(expected);
  });

  it('leaves out what is optional and missing', () => {
    expect(resolve([key('nope', 'color', true)])).toEqual({
      ok: true,
      value: { WEB_SERVICE_HOST: '127.97.0.1' },
    });
  });

  it('names the services of the namespace, and the API', () => {
    const service = (namespace: string, name: string, clusterIP: string): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name, namespace },
      spec: { clusterIP, ports: [{ name: 'http-alt', port: 8080 }] },
    });
    const services = [
      service('default', 'my-web', '127.96.0.10'),
      service('default', 'kubernetes', '127.96.0.1'),
      service('other', 'db', '127.96.0.11'),
      service('default', 'headless', 'None'),
    ];
    const mapped = (clusterIP: string): string => clusterIP.replace('127.96', '127.97');
    const api = {
      KUBERNETES_SERVICE_HOST: '127.97.0.1',
      KUBERNETES_SERVICE_PORT: '8080',
      KUBERNETES_SERVICE_PORT_HTTP_ALT: '8080',
    };
    expect(serviceEnvironment(podOf(), services, mapped)).toEqual({
      ...api,
      MY_WEB_SERVICE_HOST: '127.97.0.10',
      MY_WEB_SERVICE_PORT: '8080',
      MY_WEB_SERVICE_PORT_HTTP_ALT: '8080',
    });
    expect(serviceEnvironment(podOf({ spec: { enableServiceLinks: false } }), services, mapped)).toEqual(api);
  });
});
