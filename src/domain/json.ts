/** What a journal entry, a plan or a step's output may hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
