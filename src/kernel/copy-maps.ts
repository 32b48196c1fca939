/** Names in the kernel of the maps that hold what was copied of a map, and what came later; by them a tree's copies are known. */
export const copyMapName = 'pinfold_copy'
export const lateMapName = 'pinfold_late'
