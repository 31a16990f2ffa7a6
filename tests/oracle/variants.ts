import { join } from 'node:path'
import type { Track } from './case.ts'
import { cborTracks } from './cbor-cases.ts'
import { classTracks } from './class-cases.ts'
import { customKindTracks } from './custom-kind-cases.ts'
import { customDocumentCases } from './document-cases.ts'
import { dualStackTracks } from './dual-stack-cases.ts'
import { expiryTracks } from './expiry-cases.ts'
import { opening } from './general-cases.ts'
import { impersonationTracks } from './impersonation-cases.ts'
import { kindTracks } from './kind-cases.ts'
import type { ListedDifference } from './listed.ts'
import { mutatingTracks } from './mutating-cases.ts'
import { pluginTracks } from './plugin-cases.ts'
import { requestedSamples } from './requested-samples.ts'
import type { StageFlags } from './stage.ts'

/** Admission plugins that are off unless they are named. */
const optionalPlugins = [
  ...['EventRateLimit', 'PodNodeSelector', 'AlwaysPullImages', 'LimitPodHardAntiAffinityTopology'],
  ...['ExtendedResourceToleration', 'PodTolerationRestriction', 'OwnerReferencesPermissionEnforcement'],
  'DenyServiceExternalIPs',
]

/** Questions to two servers that were started otherwise than usual. */
export interface Variant {
  readonly flags: StageFlags
  readonly tracks: () => Track[]
  /** Differences that are meant. */
  readonly listed: readonly ListedDifference[]
}

/** Everything that a server has on request. */
const requested = [
  '--runtime-config=api/all=true',
  '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true,GenericWorkload=true,StorageVersionMigrator=true,DRADeviceTaints=true,DRADeviceTaintRules=true',
]

export const variants: Readonly<Record<string, Variant>> = {
  requested: {
    // Gates of what Hutch does not do would change what is asked of the other kinds.
    flags: {
      both: requested,
      stock: ['--feature-gates=StorageVersionAPI=true'],
    },
    tracks: () => [
      { name: 'opening', cases: opening },
      { name: 'documents', cases: customDocumentCases },
      ...kindTracks(requestedSamples),
    ],
    listed: [
      {
        place: /^Workload of [^:]*: PUT with spec[^›]* left out › .*Invalid value: \[\]: field is immutable/,
        reason: 'A list that is not given is held as an empty one.',
      },
      {
        place: /^PodCertificateRequest of [^:]*: list by namespace › \.status: 200 \| 400$/,
        reason: 'Upstream has forgotten to let this one kind be selected by its namespace.',
      },
      {
        place:
          /^DeviceTaintRule of [^:]*: (?:PUT with )?spec\.taint\.timeAdded left out › .*f:timeAdded: absent/,
        reason: 'The time is filled in before an object is stored, not when it is read: nobody owns it.',
      },
      {
        place:
          /^ResourceClaim(?:Template)? of [^:]*v1beta1: change [^›]+ empty › \.body\.details\.causes\.\d\.message: "Invalid value: /,
        reason:
          'An older version is converted before it is judged, and what was given empty is nothing then.',
      },
    ],
  },
  cbor: {
    flags: {
      both: [...requested, '--feature-gates=CBORServingAndStorage=true'],
      stock: ['--feature-gates=StorageVersionAPI=true'],
    },
    tracks: cborTracks,
    listed: [],
  },
  'dual-stack': {
    flags: {
      hutch: ['--service-cidr=10.96.0.0/16,fd00:10:96::/108'],
      stock: ['--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/108'],
    },
    tracks: dualStackTracks,
    listed: [
      {
        place: /^ranges › \.body\.metadata\.managedFields\./,
        reason:
          'The first range of addresses is there from the start; upstream makes it and then says that it is ready.',
      },
    ],
  },
  // What is defined is in discovery and in the documents: the others are asked about those.
  custom: {
    flags: {},
    tracks: customKindTracks,
    listed: [
      {
        place: /^G\w+: POST to a name › \.status: 405 \| 409$/,
        reason: 'A stock server takes a POST to the name of a custom object for one to the collection.',
      },
      {
        place: /^G\w+: metadata of one as a list › \.status: 406 \| 500$/,
        reason: 'A stock server finds only when it writes that one custom object is no list.',
      },
      {
        place: /^G\w+: PUT of another kind › \.body\.(?:message|details)/,
        reason: 'Of two faults, a kind and a revision that is not given, each server tells another one.',
      },
    ],
  },
  impersonation: {
    flags: { both: ['--feature-gates=ConstrainedImpersonation=true'] },
    tracks: impersonationTracks,
    listed: [],
  },
  // What is the default for one is the default for all.
  classes: { flags: {}, tracks: classTracks, listed: [] },
  mutating: {
    flags: {
      both: [
        '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
        '--feature-gates=MutatingAdmissionPolicy=true',
      ],
    },
    tracks: mutatingTracks,
    listed: [],
  },
  plugins: {
    flags: {
      both: [
        `--enable-admission-plugins=${optionalPlugins}`,
        `--admission-control-config-file=${join(import.meta.dir, 'plugins.yaml')}`,
      ],
    },
    tracks: pluginTracks,
    listed: [],
  },
  expiry: {
    flags: { stock: ['--etcd-compaction-interval=5s'] },
    tracks: expiryTracks,
    listed: [
      {
        place: /^expiry: watch from then › \.body: .*too old resource version: <resourceVersion>.* \| ""$/,
        reason: 'How much of the past may be watched again is counted in events upstream and in bytes here.',
      },
    ],
  },
}
