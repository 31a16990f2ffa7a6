/**
 * A scheduler plugin as a WASM component (world score-plugin of wasm/wit): fills nodes up one after the other
 * instead of spreading, so that the others can be switched off.
 *
 * The canonical ABI hands a list over as address and length and takes one back as the address of such a pair.
 * Memory: a bump allocator that starts over when a call ends.
 */
let next: usize = __heap_base

export function cabi_realloc(_old: usize, _oldBytes: usize, align: usize, bytes: usize): usize {
  const at = (next + align - 1) & ~(align - 1)
  next = at + bytes
  const missing = <i32>next - (memory.size() << 16)
  if (missing > 0) memory.grow((missing + 0xffff) >>> 16)
  return at
}

/** node: f64 × 4 = allocatable CPU, requested CPU, allocatable memory, requested memory */
export function score(milliCpu: f64, memoryBytes: f64, nodes: usize, count: usize): usize {
  const result = cabi_realloc(0, 0, 4, 8)
  const scores = cabi_realloc(0, 0, 1, count)
  for (let i: usize = 0; i < count; i++) {
    const node = nodes + i * 32
    const cpu = used(load<f64>(node, 8) + milliCpu, load<f64>(node))
    const mem = used(load<f64>(node, 24) + memoryBytes, load<f64>(node, 16))
    store<u8>(scores + i, <u8>((cpu + mem) / 2))
  }
  store<u32>(result, <u32>scores)
  store<u32>(result, <u32>count, 4)
  next = __heap_base
  return result
}

/** Hundredths in use, 0 where the node has none. */
function used(requested: f64, allocatable: f64): f64 {
  return allocatable <= 0 || requested > allocatable ? 0 : Math.floor((requested * 100) / allocatable)
}
