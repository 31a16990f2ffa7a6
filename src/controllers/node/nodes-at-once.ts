/** Many nodes come at once, and writes that are made in one turn share a commit: what is done for each keeps pace with them. */
export const nodesAtOnce = 32
