/** Rows removed in one transaction at most. */
const stepRows = 512

/** Revisions of rows that fell out of history and still lie on disk, oldest first. */
export class Garbage {
  #revisions: number[] = []

  add(revision: number): void {
    this.#revisions.push(revision)
  }

  /** Enough to be worth a step. */
  get isDue(): boolean {
    return this.#revisions.length >= stepRows
  }

  get isEmpty(): boolean {
    return this.#revisions.length === 0
  }

  /** The rows of the next step; they stay until `drop`. */
  peek(): readonly number[] {
    return this.#revisions.slice(0, stepRows)
  }

  drop(count: number): void {
    this.#revisions = this.#revisions.slice(count)
  }
}
