import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet'
import type { Forward } from './upstream.ts'
import type { ZoneAnswer } from './zone.ts'

const noError = 0
const formatError = 1
const serverFailure = 2
const noName = 3
const notImplemented = 4

export interface Replier {
  readonly zone: (type: string, name: string) => ZoneAnswer
  readonly forward: Forward
}

/** Turns the bytes of a query into the bytes of its reply; undefined for what deserves none (no header). */
export async function replyTo(
  query: Uint8Array,
  { zone, forward }: Replier,
): Promise<Uint8Array | undefined> {
  const packet = parse(query)
  if (packet === 'short') return undefined
  if (packet === 'malformed') return errorReply(query, formatError)
  const [question] = packet.questions ?? []
  if (packet.opcode !== 'QUERY') return errorReply(query, notImplemented)
  if (!question) return errorReply(query, formatError)
  const found = zone(question.type, question.name)
  switch (found.outcome) {
    case 'outside':
      return (await forward(query)) ?? errorReply(query, serverFailure)
    case 'answer':
      return build(packet, noError, { answers: found.answers, additionals: found.additionals })
    case 'alias':
      return build(packet, noError, {
        answers: [...found.answers, ...(await follow(packet, found.target, forward))],
      })
    case 'noData':
      return build(packet, noError, { authorities: [found.soa] })
    case 'noName':
      return build(packet, noName, { authorities: [found.soa] })
  }
}

/** Cuts a reply that does not fit a datagram down to its header and question, marked as truncated. */
export function fitted(reply: Uint8Array, query: Uint8Array): Uint8Array {
  if (reply.length <= datagramMax(query)) return reply
  const packet = decode(Buffer.from(reply))
  return encode({
    type: 'response',
    id: packet.id,
    flags: (packet.flags ?? 0) | truncation,
    questions: packet.questions,
  })
}

const truncation = 1 << 9
const plainDatagramMax = 512

function datagramMax(query: Uint8Array): number {
  const packet = parse(query)
  if (typeof packet === 'string') return plainDatagramMax
  const edns = packet.additionals?.find(record => record.type === 'OPT') as
    | { udpPayloadSize?: number }
    | undefined
  return Math.max(plainDatagramMax, edns?.udpPayloadSize ?? 0)
}

type Query = Packet & { opcode?: string }

function parse(query: Uint8Array): Query | 'short' | 'malformed' {
  if (query.length < 12) return 'short'
  try {
    return decode(Buffer.from(query))
  } catch {
    // dns-packet throws plain RangeErrors on every kind of damage; the client is told FORMERR.
    return 'malformed'
  }
}

async function follow(packet: Query, target: string, forward: Forward): Promise<readonly Answer[]> {
  const [question] = packet.questions!
  const query = encode({
    type: 'query',
    id: packet.id,
    flags: RECURSION_DESIRED,
    questions: [{ ...question!, name: target }],
  })
  const reply = await forward(query)
  return reply ? (decode(Buffer.from(reply)).answers ?? []) : []
}

interface Sections {
  readonly answers?: readonly Answer[]
  readonly authorities?: readonly Answer[]
  readonly additionals?: readonly Answer[]
}

function build(
  packet: Query,
  rcode: number,
  { answers = [], authorities = [], additionals = [] }: Sections,
): Uint8Array {
  const desired = (packet.flags ?? 0) & RECURSION_DESIRED
  return encode({
    type: 'response',
    id: packet.id,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | desired | rcode,
    questions: packet.questions,
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  })
}

/** Header alone, with the query's id: what can still be said when the rest made no sense. */
function errorReply(query: Uint8Array, rcode: number): Uint8Array {
  return encode({ type: 'response', id: (query[0]! << 8) | query[1]!, flags: RECURSION_AVAILABLE | rcode })
}
