import ipaddr from 'ipaddr.js'
import { own } from '../../std/own.ts'

const patterns: Readonly<Record<string, RegExp>> = {
  // A name may stand before the address.
  email: /^[^\s@<>]+@[^\s@<>]+$|^(?:[^@<>]*\s)?<[^\s@<>]+@[^\s@<>]+>$/,
  hostname:
    /^(?:[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?|(?:[a-zA-Z0-9\p{S}\p{L}](?:[-a-zA-Z0-9\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u,
  mac: /^[\da-f]{2}(?:(?::[\da-f]{2}){5}|(?::[\da-f]{2}){7}|(?::[\da-f]{2}){19}|(?:-[\da-f]{2}){5}|(?:-[\da-f]{2}){7}|(?:-[\da-f]{2}){19})$|^[\da-f]{4}(?:(?:\.[\da-f]{4}){2}|(?:\.[\da-f]{4}){3}|(?:\.[\da-f]{4}){9})$/i,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid3: /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid4: /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  uuid5: /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  'date-time': /^\d{4}-\d{2}-\d{2}[tT]\d{2}:\d{2}:\d{2}(\.\d+)?([zZ]|[+-]\d{2}:?\d{2})$/,
  datetime: /^\d{4}-\d{2}-\d{2}[tT]\d{2}:\d{2}:\d{2}(\.\d+)?([zZ]|[+-]\d{2}:?\d{2})$/,
  // Go's own form, or anywhere a number before a unit that people write.
  duration:
    /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$|\d\s*(?:(?:ns|nano[a-zµ]*|us|µs|micro[a-zµ]*|ms|milli[a-zµ]*|s|sec[a-zµ]*|m|min[a-zµ]*|h|hr|hour[a-zµ]*|d|day[a-zµ]*|w|wk|week[a-zµ]*)(?![a-zµ]))/i,
  hexcolor: /^#?([\da-f]{3}|[\da-f]{6})$/i,
  rgbcolor:
    /^rgb\(\s*(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])\s*\)$/,
  ssn: /^\d{3}[- ]\d{2}[- ]\d{4}$/,
  bsonobjectid: /^[\da-f]{24}$/i,
  'k8s-short-name': /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'k8s-long-name': /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
}

const others = ['uri', 'ipv4', 'ipv6', 'cidr', 'isbn', 'isbn10', 'isbn13', 'creditcard', 'password']

/** Whether values are held to this format at all. */
export function isKnownFormat(format: string): boolean {
  const plain = format.replaceAll('-', '')
  return others.includes(plain) || Object.keys(patterns).some(name => name.replaceAll('-', '') === plain)
}

/** Whether a text has this format; formats that upstream does not check are always met. */
export function hasFormat(format: string, text: string): boolean {
  if (format === 'ipv4') return ipaddr.IPv4.isValidFourPartDecimal(withoutLeadingZeros(text))
  if (format === 'ipv6') return text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)
  if (format === 'cidr') return ipaddr.isValidCIDR(withoutLeadingZeros(text))
  if (format === 'date' || format === 'datetime' || format === 'date-time') {
    return patterns[format]!.test(text) && isDay(text.slice(0, 10))
  }
  if (format === 'creditcard') return isCreditCard(text)
  if (format === 'isbn10') return isIsbn10(text)
  if (format === 'isbn13') return isIsbn13(text)
  if (format === 'isbn') return isIsbn10(text) || isIsbn13(text)
  if (format === 'uri') return text.startsWith('/') || URL.canParse(text)
  if (format === 'hostname' && text.split('.').some(label => label.length > 63)) return false
  return own(patterns, format)?.test(text) ?? true
}

/** Upstream bears with zeros in front, as Go did once. */
function withoutLeadingZeros(text: string): string {
  return text.includes(':') ? text : text.replaceAll(/(^|\.)0+(?=\d)/g, '$1')
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

const digitsOf = (text: string) => text.replace(/[\s-]+/g, '')

/** Luhn's check. */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  const total = [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
  return total % 10 === 0
}

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text)
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  const total = [...digits].reduce(
    (sum, digit, index) => sum + (index + 1) * (digit === 'X' ? 10 : Number(digit)),
    0,
  )
  return total % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text)
  if (!/^\d{13}$/.test(digits)) return false
  const total = [...digits].reduce((sum, digit, index) => sum + Number(digit) * (index % 2 === 1 ? 3 : 1), 0)
  return total % 10 === 0
}
