import type { Readable } from 'node:stream'
import type { Resource } from '../api/define.ts'
import type { Registry } from '../api/registry.ts'
import type { ApiCall, CallOptions, PatchType, WatchEvent } from '../client/transport.ts'
import type { LongYaml } from '../machinery/codec/index.ts'
import type { JsonObject, KubeObject } from '../machinery/meta/object.ts'
import type { StatusError } from '../machinery/status/status.ts'
import type { Breathe } from '../std/turns.ts'
import type { Dialed } from './egress/dial.ts'
import type { BodyType } from './rest/meta-type.ts'

/**
 * One request on its way through the chain, over the wire or in process. Filters fill it from left to right;
 * nothing downstream knows which transport it came by.
 */
export interface RequestContext {
  readonly info: RequestInfo
  readonly options: RequestOptions
  /** Of those who may send one: nothing until `receive` was called. */
  body: RequestBody
  /** Reads the body; absent where it is there already, or none comes. */
  readonly receive?: (context: RequestContext) => Promise<void>
  readonly credential: Credential
  /** Aborts when the client goes away, the timeout passes or the server stops. */
  readonly signal: AbortSignal
  /** Warning header texts, collected on the way. */
  readonly warnings: string[]
  readonly auditId: string
  readonly userAgent: string
  /** Of HTTP, which knows more methods than there are verbs; absent in process. */
  readonly method?: string
  readonly sourceIp: string
  /** Both absent in process. */
  readonly sourcePort?: number
  /** 1 or 2. */
  readonly httpVersion?: number
  /** The whole query, for the subresources that have parameters of their own. */
  readonly query: URLSearchParams
  /** Whether CBOR is spoken besides the other encodings; absent in process, where none is. */
  readonly servesCbor?: boolean
  /** What the body was read as; absent until it was, and of patches. */
  readAs?: BodyType
  /** A kind's own door was reached: from there on failures are told in all of its formats, CBOR too. */
  isRouted?: boolean
  /** Lower-case header values; empty in process. Authentication takes away what is said to this server alone. */
  headers: Readonly<Record<string, string>>
  /** Names and values in turn, as they came; absent in process. */
  readonly rawHeaders?: () => readonly string[]
  /** Set by authentication. */
  user: UserInfo
  /** The answer is not sent but looked at: it must be there as a whole. */
  readonly needsWhole?: true
  /** Reads and prints long YAML elsewhere; absent where nobody else is kept waiting. */
  readonly longYaml?: LongYaml
  /** Asked between the steps of a request whose body is large; absent for others. */
  breathe?: Breathe
  /** Throws when what was found out in this request's turn among several servers may not hold any more. */
  requireTurn?: () => void
  /** Set by the dispatcher for resource requests, before admission. */
  resource?: Resource
  /** What admission notes for the audit log; absent until somebody does. */
  auditAnnotations?: Map<string, string>
  /** The request line's path and query as they came; absent in process. */
  readonly uri?: string
  /** In process: what was asked, for who has to write it out as a request. */
  readonly call?: ApiCall
  /** The verb that let the caller act as another user, where that right is not for all requests. */
  impersonationConstraint?: string
  /** What the authorizer said. */
  decision?: Decision
  /** Which objects decided how long the request waits: told in headers. */
  flow?: { readonly schemaUid: string; readonly levelUid: string }
  /** The transport that made the context calls it once, when the answer is out, with its code and size. */
  done?: ContextDone
  /** How long the whole answer may take, where that is less than usual. */
  limitMs?: number
  /** Milliseconds spent in queues and in webhooks of others. */
  waitedMs?: number
  /** When the link of the chain began that has the request now, by the monotonic clock. */
  filterStartMs?: number
}

export type ContextDone = (code: number, bytes: number) => void

/** apiserver pkg/endpoints/request RequestInfo. */
export interface RequestInfo {
  readonly isResourceRequest: boolean
  readonly path: string
  /** Lower-case API verb for resources (`deletecollection` too), HTTP method for other paths. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** What follows `/<subresource>/`, for proxies. */
  readonly subpath?: string
}

/** meta/v1 options of all verbs, parsed and checked from the query. */
export interface RequestOptions extends CallOptions {
  readonly patchType?: PatchType
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly orphanDependents?: boolean
  /** Of a Table's rows: `None`, `Metadata`, `Object`. */
  readonly includeObject?: string
  /** Why an option could not be read, by its name; whoever reads it throws. */
  readonly faults?: Readonly<Record<string, StatusError>>
}

export type RequestBody =
  | { readonly kind: 'none' }
  /** In process: frozen, already decoded. */
  | { readonly kind: 'object'; readonly object: KubeObject | JsonObject | readonly unknown[] }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly contentType: string }
  /** For somebody else, unread and of any size; `bytes` where the client said how many. */
  | { readonly kind: 'stream'; readonly source: Readable; readonly bytes?: number }

/** What the caller shows. The authentication filter alone turns it into a user. */
export type Credential =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'bearer'; readonly token: string }
  /** A token that comes with it counts when the certificate does not. */
  | { readonly kind: 'certificate'; readonly certificate: PeerCertificate; readonly token?: string }
  /** Shown and not acceptable (a certificate of a foreign CA): 401 whatever else is true. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** A component of this process; only composition in `cmd/` can make one. */
  | { readonly kind: 'loopback'; readonly user: UserInfo }

/** A client certificate that the TLS layer verified against the client CA. */
export interface PeerCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly raw: Uint8Array
}

/** authentication.k8s.io/v1 UserInfo. */
export interface UserInfo {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** Bytes that were made of an object, by what the server calls their form. */
export type Encodings = Pick<ReadonlyMap<string, Uint8Array>, 'get'>

/** A frozen object with its encodings; every `CachedObject` of the watch cache is one. */
export interface Servable {
  readonly object: KubeObject
  /** Of objects as they are stored: about how large they are. */
  readonly storedBytes?: number
  readonly encodings: Encodings
}

/** A watch event on its way out; what is shared between watchers comes with its encodings. */
export interface ServedEvent extends WatchEvent {
  readonly servable?: Servable
}

export type Response =
  | {
      readonly kind: 'object'
      readonly status: number
      readonly object: KubeObject | JsonObject
      /** Schema and columns of the object; absent for Status and the like. */
      readonly resource?: Resource
      readonly servable?: Servable
    }
  | { readonly kind: 'list'; readonly status: number; readonly resource: Resource; readonly list: ListResult }
  | {
      readonly kind: 'watch'
      readonly resource: Resource
      readonly run: WatchRun
      /** Told the size of each event that goes over the wire. */
      readonly sent?: (bytes: number) => void
    }
  | {
      readonly kind: 'raw'
      readonly status: number
      readonly contentType: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string | Uint8Array | ReadableStream<Uint8Array>
      /** Compressed for nobody. */
      readonly isPlain?: boolean
    }
  /** exec, attach, port-forward, proxy: the HTTP front hands over the connection. */
  | { readonly kind: 'upgrade'; readonly target: UpgradeTarget }

/** An answer whose bytes are there already, or come as they are. */
export type RawResponse = Extract<Response, { kind: 'raw' }>

export interface ListResult {
  readonly items: readonly Servable[]
  /** The same items in arrays that are the same ones in the next list while nothing in them changes. */
  readonly runs?: readonly (readonly Servable[])[]
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** Runs a watch until `signal` aborts or time is up; see `Transport.watch` for the delivery rules. */
export type WatchRun = (sink: WatchSink, signal: AbortSignal) => Promise<void>

/** Takes events in order; what it returns resolves when more would not wait in memory. Only floods need to await it. */
export type WatchSink = (events: readonly ServedEvent[]) => Promise<void> | undefined

/** Whom an upgraded connection is joined with. */
export interface UpgradeTarget extends Dialed {
  /** With its query. */
  readonly path: string
  /** Absent: plain TCP. Without `ca` the target is not verified, with empty `cert` we show none. */
  readonly tls?: {
    readonly ca?: string
    readonly cert: string
    readonly key: string
    readonly servername?: string
    readonly isVerified?: boolean
  }
  /** Sent besides the client's own. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** Undefined when nobody vouches for the credential. Never asked for 'loopback', 'anonymous' and 'rejected'. */
export type Authenticator = (context: RequestContext) => Promise<UserInfo | undefined> | UserInfo | undefined

export type Handler = (context: RequestContext) => Promise<Response>
/** One link of the chain; listed in order in `chain.ts`. */
export type Filter = (next: Handler) => Handler

/** Authorizer's question; upstream authorizer.Attributes. */
export interface AuthorizationAttributes {
  readonly user: UserInfo
  readonly info: RequestInfo
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

export interface Decision {
  readonly decision: 'allow' | 'deny' | 'noOpinion'
  readonly reason: string
  /** Why one that was asked could not say: who is not allowed is told that, not that he may not. */
  readonly error?: string
}
export type Authorizer = (attributes: AuthorizationAttributes) => Promise<Decision> | Decision

/**
 * An admission plugin: `admit` may change `object` in place, `validate` may only refuse (throw a StatusError).
 * The table in `admission/index.ts` lists them in upstream's order.
 */
export interface AdmissionPlugin {
  readonly name: string
  handles(request: AdmissionRequest): boolean
  admit?(request: AdmissionRequest): Promise<void> | void
  validate?(request: AdmissionRequest): Promise<void> | void
}

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly resource: Resource
  /** Of the object: the resource's own kind, or what its subresource takes (Scale, Binding, Eviction). */
  readonly kind: Pick<Resource, 'group' | 'version' | 'kind'>
  readonly info: RequestInfo
  readonly user: UserInfo
  /** A private copy; undefined for DELETE. */
  readonly object: KubeObject | undefined
  /** Frozen. */
  readonly oldObject: KubeObject | undefined
  readonly dryRun: boolean
  readonly options: RequestOptions
  /** What a DELETE says besides its query. */
  readonly deleteOptions?: object
  readonly warnings: string[]
  readonly context: Pick<RequestContext, 'signal' | 'auditAnnotations'>
  readonly registry: Registry
  readonly reinvocation: Reinvocation
}

/**
 * The mutating plugins run once more when a webhook or policy changed the object after them (upstream's
 * ReinvocationContext).
 */
export interface Reinvocation {
  isReinvoke: boolean
  isWanted: boolean
  /** What a plugin remembers from the first round, by its name. */
  state?: Map<string, unknown>
}
