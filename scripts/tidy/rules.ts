import type { SourceFile } from './source.ts'

const fileLinesMax = 400

/** A pattern that has no place in the house, and what to use instead. */
interface Ban {
  readonly pattern: RegExp
  readonly instead: string
  /** Files where it is right. */
  readonly except?: RegExp
}

const outsidePorts =
  /^(src\/std\/real-ports\.ts|src\/cmd\/|src\/[^/]+\/.*testing\.ts|scripts\/|tests\/|bench\/|conformance\/|assembly\/)|\.test\.ts$/

const bans: readonly Ban[] = [
  { pattern: /\bDate\.now\(\)|\bnew Date\(\)/, instead: 'take a Clock', except: outsidePorts },
  {
    pattern: /(?<![\w.#])set(?:Timeout|Interval)\(/,
    instead: 'take a Clock and call setTimer',
    except: outsidePorts,
  },
  {
    pattern: /\bMath\.random\(|\bcrypto\.randomUUID\(|(?<!\.)\brandomUUID\(/,
    instead: 'take a Random',
    except: outsidePorts,
  },
  {
    pattern: /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}/,
    instead: 'say what the error means; nothing is swallowed',
  },
  {
    pattern: /\.catch\(\(\)\s*=>\s*(?:\{\s*\}|undefined|null|void 0)\)/,
    instead: 'say what the error means; nothing is swallowed',
  },
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, instead: 'do it or open an issue', except: /^scripts\/tidy\// },
  { pattern: /@ts-(?:ignore|nocheck|expect-error)/, instead: 'mend the type' },
  { pattern: /\bas any\b|:\s*any\b|<any>/, instead: 'unknown or the real type', except: /^scripts\/tidy\// },
  {
    pattern: /kind\s*===?\s*'(?:Pod|Node|Service|Deployment|Secret)'/,
    instead: 'a property of the Resource',
    except: /^(?!src\/server\/(?:rest|http)\/)/,
  },
]

/** Sizes, names and bans of one file, as sentences. */
export function fileViolations(file: SourceFile): string[] {
  return [...sizeViolations(file), ...nameViolations(file), ...banViolations(file)]
}

function sizeViolations(file: SourceFile): string[] {
  const table = /\/\/ tidy: a table of data\b/.test(file.text)
  if (table || file.lines.length <= fileLinesMax) return []
  return [`${file.path}: ${file.lines.length} lines, at most ${fileLinesMax}; split it by what it is about`]
}

function nameViolations(file: SourceFile): string[] {
  const name = file.path.split('/').at(-1)!
  return /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*\.ts$/.test(name)
    ? []
    : [`${file.path}: file names are kebab-case`]
}

function banViolations(file: SourceFile): string[] {
  return bans
    .filter(ban => !ban.except?.test(file.path))
    .flatMap(ban =>
      file.lines.flatMap((text, index) =>
        ban.pattern.test(stripComment(text))
          ? [`${file.path}:${index + 1}: ${text.trim().slice(0, 60)}: ${ban.instead}`]
          : [],
      ),
    )
}

/** Leftover markers count in comments too; everything else only in code. */
function stripComment(text: string): string {
  return /\b(?:TODO|FIXME|XXX|HACK)\b/.test(text) ? text : text.replace(/^\s*(?:\*|\/\/|\/\*).*$/, '')
}
