/**
 * Finds the place that a JSON Pointer names in the bytes of a document, without decoding it. Only what lies before
 * the place is looked at; the caller splices the bytes.
 *
 *   path: per segment  i32 length | i32 index | bytes, padded to 4    index: array index, -1 none, -2 `-`
 *   out:  i32 × 6      member start | value start | value end | comma before | comma after | is array
 *
 * Preconditions: the document is valid JSON; 16 readable bytes follow it.
 */

// What `locate` answers.
@inline const FOUND = 0
@inline const ABSENT = 1 // the parent is there, the last segment is not; `value end` is where it would go
@inline const NO_PARENT = 2
@inline const NO_INDEX = 3 // the parent is an array, the segment no index in it
@inline const ESCAPED = 4 // a key with an escape sequence stands in the way: the caller decodes after all

@inline const QUOTE = 0x22
@inline const COMMA = 0x2c
@inline const OPEN_BRACKET = 0x5b
@inline const BACKSLASH = 0x5c
@inline const CLOSE_BRACKET = 0x5d
@inline const OPEN_BRACE = 0x7b
@inline const CLOSE_BRACE = 0x7d

@inline
function skipSpace(at: usize): usize {
  while (load<u8>(at) <= 0x20) at++
  return at
}

/** From the opening quote to behind the closing one. */
function skipString(at: usize): usize {
  at++
  while (true) {
    const chunk = v128.load(at)
    const hits = v128.or(i8x16.eq(chunk, i8x16.splat(<i8>QUOTE)), i8x16.eq(chunk, i8x16.splat(<i8>BACKSLASH)))
    const bits = i8x16.bitmask(hits)
    if (bits == 0) {
      at += 16
      continue
    }
    at += ctz(bits)
    if (load<u8>(at) == QUOTE) return at + 1
    at += 2
  }
}

/** From an opening bracket or brace to behind its closing one. Only quotes and brackets matter on the way. */
function skipNested(at: usize): usize {
  let depth = 0
  while (true) {
    const chunk = v128.load(at)
    // `[` and `{`, and `]` and `}`, differ in one bit.
    const folded = v128.or(chunk, i8x16.splat(0x20))
    const open = i8x16.eq(folded, i8x16.splat(<i8>OPEN_BRACE))
    const close = i8x16.eq(folded, i8x16.splat(<i8>CLOSE_BRACE))
    const quote = i8x16.eq(chunk, i8x16.splat(<i8>QUOTE))
    const bits = i8x16.bitmask(v128.or(v128.or(open, close), quote))
    if (bits == 0) {
      at += 16
      continue
    }
    at += ctz(bits)
    const byte = load<u8>(at)
    if (byte == QUOTE) {
      at = skipString(at)
      continue
    }
    depth += (byte | 0x20) == OPEN_BRACE ? 1 : -1
    at++
    if (depth == 0) return at
  }
}

function skipValue(at: usize): usize {
  const first = load<u8>(at)
  if (first == QUOTE) return skipString(at)
  if (first == OPEN_BRACE || first == OPEN_BRACKET) return skipNested(at)
  while (true) {
    const byte = load<u8>(at)
    if (byte == COMMA || byte == CLOSE_BRACE || byte == CLOSE_BRACKET || byte <= 0x20) return at
    at++
  }
}

@inline
function sameBytes(a: usize, b: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false
  return true
}

/** Does the key from `start` to behind its closing quote at `end` hold an escape? */
function hasEscape(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) if (load<u8>(at) == BACKSLASH) return true
  return false
}

@inline
function report(out: usize, doc: usize, member: usize, value: usize, end: usize, before: usize, after: usize): void {
  store<i32>(out, <i32>(member - doc))
  store<i32>(out, <i32>(value - doc), 4)
  store<i32>(out, <i32>(end - doc), 8)
  store<i32>(out, before == 0 ? -1 : <i32>(before - doc), 12)
  store<i32>(out, after == 0 ? -1 : <i32>(after - doc), 16)
}

/** The comma behind a value, or 0. */
@inline
function commaAfter(end: usize): usize {
  const at = skipSpace(end)
  return load<u8>(at) == COMMA ? at : 0
}

/** Looks a key up in the object at `at`; `last` asks for the full report. */
function inObject(doc: usize, at: usize, key: usize, length: i32, last: bool, out: usize): i32 {
  let comma: usize = 0
  let members = 0
  at = skipSpace(at + 1)
  while (load<u8>(at) != CLOSE_BRACE) {
    members = 1
    const keyEnd = skipString(at)
    const value = skipSpace(skipSpace(keyEnd) + 1)
    if (<i32>(keyEnd - at) - 2 == length && sameBytes(at + 1, key, length)) {
      const end = last ? skipValue(value) : value
      report(out, doc, at, value, end, comma, last ? commaAfter(end) : 0)
      return FOUND
    }
    if (hasEscape(at, keyEnd)) return ESCAPED
    at = skipSpace(skipValue(value))
    if (load<u8>(at) == COMMA) {
      comma = at
      at = skipSpace(at + 1)
    }
  }
  report(out, doc, at, at, at, comma, 0)
  store<i32>(out, members, 16)
  return ABSENT
}

/** Looks an index up in the array at `at`. One behind the last element is ABSENT, further is NO_INDEX. */
function inArray(doc: usize, at: usize, index: i32, last: bool, out: usize): i32 {
  if (index == -1) return NO_INDEX
  let comma: usize = 0
  let position = 0
  at = skipSpace(at + 1)
  while (load<u8>(at) != CLOSE_BRACKET) {
    if (position == index) {
      const end = last ? skipValue(at) : at
      report(out, doc, at, at, end, comma, last ? commaAfter(end) : 0)
      return FOUND
    }
    at = skipSpace(skipValue(at))
    position++
    if (load<u8>(at) == COMMA) {
      comma = at
      at = skipSpace(at + 1)
    }
  }
  if (index != -2 && index != position) return NO_INDEX
  report(out, doc, at, at, at, comma, 0)
  store<i32>(out, position == 0 ? 0 : 1, 16)
  return ABSENT
}

/** Walks `segments` steps from the document's root. For ABSENT, `comma after` says whether the parent has members. */
export function locate(doc: usize, path: usize, segments: i32, out: usize): i32 {
  let at = skipSpace(doc)
  for (let step = 0; step < segments; step++) {
    const length = load<i32>(path)
    const index = load<i32>(path, 4)
    const last = step == segments - 1
    const kind = load<u8>(at)
    store<i32>(out, kind == OPEN_BRACKET ? 1 : 0, 20)
    let status = NO_PARENT
    if (kind == OPEN_BRACE) status = inObject(doc, at, path + 8, length, last, out)
    else if (kind == OPEN_BRACKET) status = inArray(doc, at, index, last, out)
    if (last || status == ESCAPED) return status
    if (status != FOUND) return NO_PARENT
    at = doc + load<i32>(out, 4)
    path += 8 + ((length + 3) & ~3)
  }
  return FOUND
}
