/**
 * An admission plugin as a WASM component (world admission-plugin of wasm/wit): refuses images whose tag is `latest`.
 * Memory: a bump allocator that starts over when the answer has been read.
 */
export function cabi_realloc(old: usize, oldBytes: usize, _align: usize, bytes: usize): usize {
  const at = heap.alloc(bytes)
  if (oldBytes > 0) memory.copy(at, old, oldBytes)
  return at
}

export function review(at: usize, bytes: usize): usize {
  const text = String.UTF8.decodeUnsafe(at, bytes)
  const answer = String.UTF8.encode(
    '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"' +
      valueAfter(text, '"uid":"', 0) +
      '",' +
      verdict(text) +
      '}}',
  )
  const result = heap.alloc(8)
  store<u32>(result, <u32>changetype<usize>(answer))
  store<u32>(result, answer.byteLength, 4)
  return result
}

export function cabi_post_review(_result: usize): void {
  heap.reset()
}

/** The request comes first in a review, and its uid first in the request. */
function valueAfter(text: string, key: string, from: i32): string {
  const start = text.indexOf(key, from)
  if (start < 0) return ''
  return text.substring(start + key.length, text.indexOf('"', start + key.length))
}

function verdict(text: string): string {
  const key = '"image":"'
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    const image = valueAfter(text, key, at)
    if (image.endsWith(':latest'))
      return '"allowed":false,"status":{"code":403,"message":"image ' + image + ' has the tag latest"}'
  }
  return '"allowed":true'
}
