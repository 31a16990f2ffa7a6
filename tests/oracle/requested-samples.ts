/** Valid objects of kinds that a server has on request alone. */
import { type Row, type Sample, toSample } from './samples.ts'

/** CN=oracle; its key was never kept. */
const authority = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBeDCCAR+gAwIBAgIUGJ7zhrTSiB4/jXQnod/9s59uv8EwCgYIKoZIzj0EAwIw',
  'ETEPMA0GA1UEAwwGb3JhY2xlMCAXDTI2MTEyMTE0Mjc1NloYDzIxMjYxMDI4MTQy',
  'NzU2WjARMQ8wDQYDVQQDDAZvcmFjbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC',
  'AAQfxPkL/f3s/3avwTFjVcoLZ58E7KDx2ExgwbqqoAWuEU3fJG4qmiyrQhKPkfLW',
  '/Rn7q1mxjzu/m8DP9mQELZE2o1MwUTAdBgNVHQ4EFgQUJ86EukGwUdSP/RmlqTgR',
  'yN4lXfAwHwYDVR0jBBgwFoAUJ86EukGwUdSP/RmlqTgRyN4lXfAwDwYDVR0TAQH/',
  'BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBJc78snzza+8EBxNGgzb88BDWxfQfc',
  'iWe492YcDTr0IgIgcTmpB5zCJkonexGl7d67Wr/hbQh54F4MQPztxXXCnlI=',
  '-----END CERTIFICATE-----',
  '',
].join('\n')
/** An Ed25519 key that was never kept, and its signature over the pod's UID. */
const podKey = {
  pkixPublicKey: 'MCowBQYDK2VwAyEAldaJvps9Gcju99L4oylTNm0MJZURZIlb5j3RkQj/AGg=',
  proofOfPossession:
    'Nm5ciPPKa+3RQ0zt2mKcmzi+NfCex7vpIoP6E2//ZyDVODGzXQWjGgeKOk9TLt3BlvzyMddDgRaLOpZVz5SOBw==',
}
const device = { name: 'd', basic: { attributes: { a: { string: 'b' } }, capacity: { c: { value: '1Gi' } } } }
const claim = { devices: { requests: [{ name: 'r', deviceClassName: 'sample-deviceclasses' }] } }
const oldest = 'resource.k8s.io/v1beta1'

const namespaced: readonly Row[] = [
  [
    'certificates.k8s.io/v1beta1',
    'PodCertificateRequest',
    'podcertificaterequests',
    {
      spec: {
        signerName: 'example.org/signer',
        podName: 'p',
        podUID: 'oracle-pod',
        serviceAccountName: 'default',
        serviceAccountUID: 'oracle-account',
        nodeName: 'n',
        nodeUID: 'oracle-node',
        ...podKey,
      },
    },
  ],
  [
    'scheduling.k8s.io/v1alpha1',
    'Workload',
    'workloads',
    {
      spec: {
        controllerRef: { apiGroup: 'batch', kind: 'Job', name: 'j' },
        podGroups: [{ name: 'g', policy: { gang: { minCount: 2 } } }],
      },
    },
  ],
  [oldest, 'ResourceClaim', 'resourceclaims', { spec: claim }],
  [oldest, 'ResourceClaimTemplate', 'resourceclaimtemplates', { spec: { spec: claim } }],
]

const clusterWide: readonly Row[] = [
  [
    'certificates.k8s.io/v1beta1',
    'ClusterTrustBundle',
    'clustertrustbundles',
    { spec: { trustBundle: authority } },
  ],
  [
    'certificates.k8s.io/v1alpha1',
    'ClusterTrustBundle',
    'clustertrustbundles',
    { spec: { trustBundle: authority } },
  ],
  [
    'resource.k8s.io/v1alpha3',
    'DeviceTaintRule',
    'devicetaintrules',
    {
      spec: {
        deviceSelector: { driver: 'example.org', pool: 'p', device: 'd' },
        taint: { key: 'k', value: 'v', effect: 'NoSchedule', timeAdded: '2026-01-02T03:04:05Z' },
      },
    },
  ],
  [oldest, 'DeviceClass', 'deviceclasses', { spec: { selectors: [{ cel: { expression: 'true' } }] } }],
  [
    oldest,
    'ResourceSlice',
    'resourceslices',
    {
      spec: {
        driver: 'example.org',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        devices: [device],
      },
    },
  ],
  [
    'internal.apiserver.k8s.io/v1alpha1',
    'StorageVersion',
    'storageversions',
    { spec: {} },
    'example.org.things',
  ],
  [
    'storagemigration.k8s.io/v1beta1',
    'StorageVersionMigration',
    'storageversionmigrations',
    // Nobody serves it: the migration waits, as that of a control plane without controllers.
    { spec: { resource: { group: 'example.org', resource: 'things' } } },
  ],
]

export const requestedSamples: readonly Sample[] = [
  ...namespaced.map(row => toSample(row, '/namespaces/oracle')),
  ...clusterWide.map(row => toSample(row, '')),
]
