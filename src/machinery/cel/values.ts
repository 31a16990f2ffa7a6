export { toCel, type ValueSchema } from './json.ts'
