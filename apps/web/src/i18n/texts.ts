/** The forms of a text that counts, by the names that `Intl.PluralRules` has for them. A language has those that it needs. */
export type Plural = { readonly [Form in Intl.LDMLPluralRule]?: string } & { readonly other: string };

/** A catalogue, or a part of one. */
export type Texts = Readonly<Record<string, string | Plural>>;

/** What a translation of such a catalogue has: the same keys, and where it counts the forms of its own language. */
export type Translated<Source, Forms extends Intl.LDMLPluralRule> = {
  readonly [Key in keyof Source]: Source[Key] extends string ? string : Readonly<Record<Forms, string>>;
};
