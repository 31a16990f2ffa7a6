/** Binary min-heap over a plain array; `compare(a, b) < 0` means that `a` leaves first. */
export function heapPush<T>(heap: T[], item: T, compare: (a: T, b: T) => number): void {
  let index = heap.push(item) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (compare(heap[index]!, heap[parent]!) >= 0) return
    swap(heap, index, parent)
    index = parent
  }
}

/** Takes the smallest item, or undefined from an empty heap. */
export function heapPop<T>(heap: T[], compare: (a: T, b: T) => number): T | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (heap.length === 0 || last === undefined) return top
  heap[0] = last
  for (let index = 0; ; ) {
    const left = 2 * index + 1
    const right = left + 1
    let least = index
    if (left < heap.length && compare(heap[left]!, heap[least]!) < 0) least = left
    if (right < heap.length && compare(heap[right]!, heap[least]!) < 0) least = right
    if (least === index) return top
    swap(heap, index, least)
    index = least
  }
}

function swap<T>(heap: T[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}
