/** The value of a series in Prometheus' text, its labels in the order of their names; undefined where it is not told. */
export function seriesValue(text: string, series: string): number | undefined {
  const line = text.split('\n').find(each => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}
