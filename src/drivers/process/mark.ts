/** How a process of ours is known again when its record was never written: by what stands in its environment. */
export interface Mark {
  /** The state folder, as `realpath` says it. */
  readonly BACKFLIP_STATE: string
  readonly BACKFLIP_INSTANCE: string
  readonly BACKFLIP_OPERATION: string
  readonly BACKFLIP_SHA: string
  readonly BACKFLIP_COLOR?: string
}
