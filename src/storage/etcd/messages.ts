import type { INamespace, Type } from 'protobufjs/light.js'

/** A key with its value, as etcd keeps it. */
export interface KeyValue {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  /** How often the key was written since it was made. */
  readonly version: number
}

interface Header {
  /** Of the whole etcd when it answered. */
  readonly revision: number
}

export interface RangeRequest {
  readonly key: Uint8Array
  readonly rangeEnd?: Uint8Array
  readonly limit?: number
  readonly revision?: number
  readonly keysOnly?: boolean
}

export interface RangeResponse {
  readonly header: Header
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
}

export interface RequestOp {
  readonly requestRange?: RangeRequest
  readonly requestPut?: { readonly key: Uint8Array; readonly value: Uint8Array }
  readonly requestDeleteRange?: { readonly key: Uint8Array }
}

export interface TxnRequest {
  readonly compare: readonly {
    readonly target: number
    readonly key: Uint8Array
    readonly version?: number
    readonly modRevision?: number
  }[]
  readonly success: readonly RequestOp[]
  readonly failure: readonly RequestOp[]
}

export interface TxnResponse {
  readonly header: Header
  readonly succeeded: boolean
  readonly responses: readonly { readonly responseRange: RangeResponse | null }[]
}

/** What `Compare.target` may be here. */
export const compareTarget = { version: 0, modRevision: 2 } as const

export interface WatchRequest {
  readonly createRequest?: {
    readonly key: Uint8Array
    readonly rangeEnd: Uint8Array
    readonly startRevision: number
    readonly progressNotify: boolean
    readonly prevKv: boolean
  }
  readonly progressRequest?: Readonly<Record<string, never>>
}

export interface WatchResponse {
  readonly header: Header
  readonly created: boolean
  readonly canceled: boolean
  /** Above 0: history up to here is gone. */
  readonly compactRevision: number
  readonly cancelReason: string
  readonly events: readonly WireEvent[]
}

export interface WireEvent {
  /** 0 is a put, 1 a delete. */
  readonly type: number
  readonly kv: KeyValue
  readonly prevKv: KeyValue | null
}

export interface StatusResponse {
  /** Bytes that the database takes on the disk of the member that answers. */
  readonly dbSize: number
}

const one = (type: string, id: number) => ({ type, id })
const many = (type: string, id: number) => ({ rule: 'repeated', type, id })

/** What is used here of etcd's rpc.proto and kv.proto (go.etcd.io/etcd/api v3.6); enums are numbers. */
const descriptor: INamespace = {
  nested: {
    Header: { fields: { revision: one('int64', 3) } },
    KeyValue: {
      fields: {
        key: one('bytes', 1),
        createRevision: one('int64', 2),
        modRevision: one('int64', 3),
        version: one('int64', 4),
        value: one('bytes', 5),
      },
    },
    RangeRequest: {
      fields: {
        key: one('bytes', 1),
        rangeEnd: one('bytes', 2),
        limit: one('int64', 3),
        revision: one('int64', 4),
        keysOnly: one('bool', 8),
      },
    },
    RangeResponse: {
      fields: { header: one('Header', 1), kvs: many('KeyValue', 2), more: one('bool', 3) },
    },
    PutRequest: { fields: { key: one('bytes', 1), value: one('bytes', 2) } },
    DeleteRangeRequest: { fields: { key: one('bytes', 1) } },
    RequestOp: {
      fields: {
        requestRange: one('RangeRequest', 1),
        requestPut: one('PutRequest', 2),
        requestDeleteRange: one('DeleteRangeRequest', 3),
      },
    },
    ResponseOp: { fields: { responseRange: one('RangeResponse', 1) } },
    Compare: {
      fields: {
        result: one('int32', 1),
        target: one('int32', 2),
        key: one('bytes', 3),
        version: one('int64', 4),
        modRevision: one('int64', 6),
      },
    },
    TxnRequest: {
      fields: {
        compare: many('Compare', 1),
        success: many('RequestOp', 2),
        failure: many('RequestOp', 3),
      },
    },
    TxnResponse: {
      fields: { header: one('Header', 1), succeeded: one('bool', 2), responses: many('ResponseOp', 3) },
    },
    CompactionRequest: { fields: { revision: one('int64', 1), physical: one('bool', 2) } },
    CompactionResponse: { fields: { header: one('Header', 1) } },
    StatusRequest: { fields: {} },
    StatusResponse: { fields: { header: one('Header', 1), dbSize: one('int64', 3) } },
    WatchCreateRequest: {
      fields: {
        key: one('bytes', 1),
        rangeEnd: one('bytes', 2),
        startRevision: one('int64', 3),
        progressNotify: one('bool', 4),
        prevKv: one('bool', 6),
      },
    },
    WatchProgressRequest: { fields: {} },
    WatchRequest: {
      fields: {
        createRequest: one('WatchCreateRequest', 1),
        progressRequest: one('WatchProgressRequest', 3),
      },
    },
    Event: { fields: { type: one('int32', 1), kv: one('KeyValue', 2), prevKv: one('KeyValue', 3) } },
    WatchResponse: {
      fields: {
        header: one('Header', 1),
        created: one('bool', 3),
        canceled: one('bool', 4),
        compactRevision: one('int64', 5),
        cancelReason: one('string', 6),
        events: many('Event', 11),
      },
    },
  },
}

/** How requests of one method become bytes, and bytes answers. */
export interface MessageCodec<Request, Response> {
  readonly encode: (request: Request) => Buffer
  readonly decode: (bytes: Buffer) => Response
}

export interface Codecs {
  readonly range: MessageCodec<RangeRequest, RangeResponse>
  readonly txn: MessageCodec<TxnRequest, TxnResponse>
  readonly compact: MessageCodec<{ readonly revision: number }, unknown>
  readonly status: MessageCodec<object, StatusResponse>
  readonly watch: MessageCodec<WatchRequest, WatchResponse>
}

/** Loads protobuf with the first that needs it. */
export async function loadCodecs(): Promise<Codecs> {
  const { Root } = await import('protobufjs/light.js')
  const root = Root.fromJSON(descriptor)
  const codec = <Request extends object, Response>(request: string, response: string) =>
    codecOf<Request, Response>(root.lookupType(request), root.lookupType(response))
  return {
    range: codec('RangeRequest', 'RangeResponse'),
    txn: codec('TxnRequest', 'TxnResponse'),
    compact: codec('CompactionRequest', 'CompactionResponse'),
    status: codec('StatusRequest', 'StatusResponse'),
    watch: codec('WatchRequest', 'WatchResponse'),
  }
}

function codecOf<Request extends object, Response>(
  request: Type,
  response: Type,
): MessageCodec<Request, Response> {
  return {
    encode: message => Buffer.from(request.encode(message).finish()),
    decode: bytes => response.toObject(response.decode(bytes), { longs: Number, defaults: true }) as Response,
  }
}
