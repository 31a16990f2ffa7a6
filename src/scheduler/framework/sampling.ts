/** Upstream's minFeasibleNodesToFind and minFeasibleNodesPercentageToFind. */
const nodesMin = 100
const percentageMin = 5

/**
 * Among how many nodes that will do the best is chosen; then no more are looked for (kube-scheduler
 * numFeasibleNodesToFind). A `percentage` of 0 is half of them and less the more there are.
 */
export function nodesToFind(nodes: number, percentage: number): number {
  if (nodes < nodesMin) return nodes
  const wanted = percentage === 0 ? Math.max(50 - Math.trunc(nodes / 125), percentageMin) : percentage
  return Math.max(Math.trunc((nodes * wanted) / 100), nodesMin)
}
