/** Defaults of pods and pod templates beyond the schema's markers (pkg/apis/core/v1/defaults.go). */
import {
  canonicalQuantity,
  formatQuantity,
  parseQuantity,
  roundUpQuantity,
} from '../../../machinery/quantity/index.ts'
import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  PodSpec,
  Probe,
  Volume,
} from '../../types/core-v1.gen.ts'
import { defaultPodLevelRequests } from './pod-resources.ts'

const graceSeconds = 30
const fileMode = 0o644
const tokenExpirationSeconds = 3600

/** Holds for every PodSpec, in a Pod and in a template. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.containers ??= []
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= graceSeconds
  spec.schedulerName ||= 'default-scheduler'
  mirrorServiceAccount(spec)
  for (const container of spec.initContainers ?? []) setContainerDefaults(container)
  for (const container of spec.containers) setContainerDefaults(container)
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container)
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume)
  if (spec.overhead) roundQuantities(spec.overhead)
}

/** `serviceAccount` is the old name of the field; both are always served. */
function mirrorServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (!name) return
  spec.serviceAccountName = name
  spec.serviceAccount = name
}

/** Holds for Pods alone: templates keep what the user wrote. */
export function setPodOnlyDefaults(spec: PodSpec): void {
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const { limits, requests } = container.resources ?? {}
    if (limits) container.resources = { ...container.resources, limits, requests: { ...limits, ...requests } }
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
  }
  defaultPodLevelRequests(spec)
  spec.enableServiceLinks ??= true
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= pullPolicyFor(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  roundQuantities(container.resources.limits)
  roundQuantities(container.resources.requests)
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) setProbeDefaults(probe)
  }
  setHandlerDefaults(container.lifecycle?.postStart)
  setHandlerDefaults(container.lifecycle?.preStop)
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1'
  }
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  setHandlerDefaults(probe)
}

function setHandlerDefaults(handler: Pick<LifecycleHandler, 'httpGet'> | undefined): void {
  const httpGet = handler?.httpGet
  if (!httpGet) return
  httpGet.path ||= '/'
  httpGet.scheme ||= 'HTTP'
}

/** `Always` for images without a tag or tagged `latest`, else `IfNotPresent`. */
export function pullPolicyFor(image: string): string {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent'
}

function imageTag(image: string): string {
  const [reference = '', digest] = image.split('@')
  const [name = '', tag] = reference.slice(reference.lastIndexOf('/') + 1).split(':')
  if (tag !== undefined) return tag
  const isReference = name !== '' && /^[a-z0-9][a-z0-9._-]*$/.test(name)
  return digest === undefined && isReference ? 'latest' : ''
}

function setVolumeDefaults(volume: Volume): void {
  const { name: _, ...sources } = volume
  if (Object.values(sources).every(source => source === undefined || source === null)) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= fileMode
  }
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.image) volume.image.pullPolicy ||= pullPolicyFor(volume.image.reference ?? '')
  if (volume.ephemeral?.volumeClaimTemplate?.spec)
    volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  for (const item of volume.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1'
  for (const { serviceAccountToken, downwardAPI } of volume.projected?.sources ?? []) {
    if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= tokenExpirationSeconds
    for (const item of downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1'
  }
}

/** Resource lists keep thousandths; finer amounts are rounded up. */
export function roundQuantities(list: Record<string, string> | undefined): void {
  for (const name in list) {
    const text = canonicalQuantity(list[name]!)
    list[name] = /[nu]$/.test(text) ? formatQuantity(roundUpQuantity(parseQuantity(text), 3)) : text
  }
}
