import { restScenes } from './rest.ts'

/** What can be chosen by `--only`, in the order in which it runs: later ones use what earlier ones have left. */
export const workloadGroups = {
  objects: [1, 32, 128].flatMap(clients =>
    ['create', 'get', 'update', 'patch', 'delete'].map(verb => `${verb}@${clients}`),
  ),
  large: ['patch-100k@8'],
  lists: [
    'list-json@5000',
    'list-plain@5000',
    'list-proto@5000',
    'list-table@5000',
    'list-paged@5000',
    'list-filtered@5000',
  ],
  watch: ['watch@1', 'watch@100', 'watch@1000'],
  schedule: [
    'schedule@100',
    'schedule@500',
    'schedule-spread@500',
    'schedule-near@500',
    'schedule-apart@500',
  ],
  rollout: ['rollout@50'],
  namespace: ['delete-namespace@5000'],
  'large-schedule': ['schedule@5000', 'schedule-spread@5000'],
  'large-lists': [
    'memory@50000',
    'list-json@50000',
    'list-proto@50000',
    'list-table@50000',
    'list-paged@50000',
    'list-filtered@50000',
  ],
} as const satisfies Record<string, readonly string[]>

/** Measured by this program itself and not by the load generator. */
export const restWorkloads: readonly string[] = [...restScenes.map(({ name }) => name), 'start', 'start-1gb']

/** What takes long, and is left out unless it is asked for. */
const onRequest: readonly string[] = ['large-lists', 'large-schedule', 'start-1gb']

/** What is run when nothing is asked for. */
export const defaultGroups = [...Object.keys(workloadGroups), ...restWorkloads]
  .filter(group => !onRequest.includes(group))
  .join(',')

export interface ChosenWorkloads {
  readonly load: string[]
  readonly rest: string[]
}

/** Words of `--only`: a group, a workload, the name of one whatever its size, or `all`. Throws on what is none. */
export function chosenWorkloads(only: string | undefined): ChosenWorkloads {
  const load: string[] = Object.values(workloadGroups).flat()
  const rest: string[] = [...restWorkloads]
  const groups: Readonly<Record<string, readonly string[]>> = workloadGroups
  const meant = (word: string, name: string) =>
    word === 'all' || (groups[word]?.includes(name) ?? (name === word || name.split('@')[0] === word))
  const words = (only ?? defaultGroups).split(',')
  const unknown = words.find(word => ![...load, ...rest].some(name => meant(word, name)))
  if (unknown !== undefined)
    throw new Error(`--only ${unknown}: it is none of all, ${[...Object.keys(groups), ...rest].join(', ')}`)
  const chosen = (name: string) => words.some(word => meant(word, name))
  return { load: load.filter(chosen), rest: rest.filter(chosen) }
}
