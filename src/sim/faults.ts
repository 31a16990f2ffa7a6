/** How often what goes wrong. Probabilities are per event; all durations are virtual. */
export interface Faults {
  /** A request takes up to `callDelayMaxMs` longer. */
  readonly callDelay: number
  readonly callDelayMaxMs: number
  /** Refused before the server saw it. */
  readonly callRefused: number
  /** Answered with a failure although it was carried out: only of writes. */
  readonly answerLost: number
  /** A list that allows it (NotOlderThan) is answered with an earlier answer. */
  readonly listStale: number
  /** Mean life of a watch; it ends cleanly, with 410, or with an ERROR event. */
  readonly watchLifeMs: number
  /** A batch of events comes up to `watchLagMaxMs` late; the order stays. */
  readonly watchLag: number
  readonly watchLagMaxMs: number
  /** The store takes up to `storeDelayMaxMs` before it commits a write. */
  readonly storeDelay: number
  readonly storeDelayMaxMs: number
  /** The store refuses a write, as on a full disk. */
  readonly storeRefused: number
}

/** A bad day: about one request in forty fails, every watch breaks within minutes. */
export const roughFaults: Faults = {
  callDelay: 0.1,
  callDelayMaxMs: 500,
  callRefused: 0.01,
  answerLost: 0.015,
  listStale: 0.5,
  watchLifeMs: 90_000,
  watchLag: 0.1,
  watchLagMaxMs: 3_000,
  storeDelay: 0.1,
  storeDelayMaxMs: 50,
  storeRefused: 0.002,
}

/** A day on which hardly anything works: one request in five fails, watches live for seconds. */
export const awfulFaults: Faults = {
  callDelay: 0.4,
  callDelayMaxMs: 3_000,
  callRefused: 0.1,
  answerLost: 0.1,
  listStale: 0.9,
  watchLifeMs: 15_000,
  watchLag: 0.5,
  watchLagMaxMs: 10_000,
  storeDelay: 0.4,
  storeDelayMaxMs: 500,
  storeRefused: 0.02,
}

/** Nothing fails, but every view of the cluster is late. */
export const lateFaults: Faults = {
  ...awfulFaults,
  callRefused: 0,
  answerLost: 0,
  storeRefused: 0,
}

export const noFaults: Faults = {
  callDelay: 0,
  callDelayMaxMs: 0,
  callRefused: 0,
  answerLost: 0,
  listStale: 0,
  watchLifeMs: Number.POSITIVE_INFINITY,
  watchLag: 0,
  watchLagMaxMs: 0,
  storeDelay: 0,
  storeDelayMaxMs: 0,
  storeRefused: 0,
}

/** What the faults are now; the scenario turns them on and off while everything runs. */
export interface FaultDial {
  current: Faults
  /** What was done so far, by kind. */
  readonly counts: Map<string, number>
}

export function createFaultDial(current: Faults): FaultDial {
  return { current, counts: new Map() }
}

export function countFault({ counts }: FaultDial, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
}
