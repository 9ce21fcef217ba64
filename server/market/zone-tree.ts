/**
 * The zone tree by index: zones are numbered in input order.
 * `preorder` visits a zone before its children and children in input order, so walking it backwards visits every
 * child before its parent.
 */
export interface ZoneTree {
  /** Index of the parent, −1 for the root. */
  readonly parent: Int32Array
  /** Index of the first child in input order, −1 for a leaf. */
  readonly firstChild: Int32Array
  /** Index of the next child of the same parent, −1 for the last. */
  readonly nextSibling: Int32Array
  /** The zones reachable from the root; shorter than `parent` exactly when the parents form a cycle. */
  readonly preorder: Int32Array
}

/** Builds the tree over `parent`, which has exactly one root (−1) and no index out of range. */
export function plantZoneTree(parent: Int32Array): ZoneTree {
  const zoneCount = parent.length
  const firstChild = new Int32Array(zoneCount).fill(-1)
  const nextSibling = new Int32Array(zoneCount).fill(-1)
  let root = -1
  for (let zone = zoneCount - 1; zone >= 0; zone--) {
    const above = parent[zone]!
    if (above === -1) {
      root = zone
    } else {
      nextSibling[zone] = firstChild[above]!
      firstChild[above] = zone
    }
  }
  const preorder = new Int32Array(zoneCount)
  let visited = 0
  let zone = root
  while (zone !== -1) {
    preorder[visited++] = zone
    let next = firstChild[zone]!
    while (next === -1 && zone !== -1) {
      next = nextSibling[zone]!
      zone = parent[zone]!
    }
    zone = next
  }
  return { parent, firstChild, nextSibling, preorder: preorder.subarray(0, visited) }
}
