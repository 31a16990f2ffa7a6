/** Cells that policies and bindings of both sorts print alike. */
import { formatLabelSelector, unset } from '../../machinery/table/cells.ts'
import type { ParamKind, ParamRef } from '../types/admissionregistration-v1.gen.ts'

export function paramKindText(kind: ParamKind | undefined): string {
  return kind ? `${kind.apiVersion}/${kind.kind}` : unset
}

export function paramRefText({ name, namespace, selector }: ParamRef = {}): string {
  if (name) return `${namespace || '*'}/${name}`
  return selector ? formatLabelSelector(selector) : unset
}
