export type AreaState = {}
