export { applyJsonPatch, isFailedTest } from './json-patch.ts'
export { applyMergePatch } from './merge-patch.ts'
export { applyStrategicPatch } from './strategic.ts'
