declare const brandTag: unique symbol;

/** `T` that can only be made by a constructor which checked it: `type Term = Brand<number, 'Term'>`. */
export type Brand<T, Name extends string> = T & { readonly [brandTag]: Name };
