/** Who issues documents, who approves them, and who gets them: a JSON file of the community, of which the area keeps every version. */

import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { isPlainText, notPlainText } from '../../contracts/protocol/plain-text.ts'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { BillingError } from './error.ts'

const account = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hexadecimal digits')
  .transform((text) => text.toLowerCase() as Address)
/** A typing error here would tax nothing, or the wrong days. */
const day = z.iso.date('a day such as 2026-11-05')
const text = z.string().trim().min(1).max(200).refine(isPlainText, notPlainText)

/** A supply that is taxed at nothing is no taxed one. */
const rate = z.string().regex(/^(?=.*[1-9])\d{1,2}(\.\d{1,2})?$/, 'a rate above 0 with at most two decimals')

/**
 * How a supply is taxed from a day on. `private`: by somebody who is no business; `small`: by an exempted small business;
 * `taxed`: at the rate; `reverse`: the receiver owes the tax.
 */
const vat = z.discriminatedUnion('kind', [
  z.strictObject({ from: day, kind: z.enum(['private', 'small', 'reverse']) }),
  z.strictObject({ from: day, kind: z.literal('taxed'), ratePercent: rate }),
])
export type VatFrom = z.infer<typeof vat>

const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
const country = z
  .string()
  .refine(
    (code) => /^[A-Z]{2}$/.test(code) && countries.of(code) !== undefined,
    'no country has this code (ISO 3166, two letters)',
  )

const party = {
  ...{ name: text, street: text, postcode: text, city: text, country },
  /** With the code of its country in front (`ATU12345678`). */
  vatId: text
    .regex(/^[A-Z]{2}[0-9A-Za-z+*.]{2,}$/, 'a number that begins with the code of its country: ATU12345678')
    .optional(),
  /** The tax number of somebody who has no `vatId`. */
  taxNumber: text.optional(),
  /** Ascending by day. What the party supplies is taxed so. */
  vat: z.array(vat).min(1),
}

const fileSchema = z.strictObject({
  /** Where the page and the API are: links to proofs begin with it. */
  site: z
    .url({ protocol: /^https?$/ })
    .max(200)
    .transform((text) => text.replace(/\/+$/, '')),
  issuer: z.strictObject({ ...party, registration: text }),
  /** The accounts that may approve; two of them do. */
  approvers: z.array(account).min(2),
  members: z.array(z.strictObject({ account, ...party, language: z.enum(['en', 'de']) })),
})

export type Parties = z.infer<typeof fileSchema>
export type Issuer = Parties['issuer']
export type Member = Parties['members'][number]

/** Throws `BILL_PARTIES` with a line for each mistake. */
export function readParties(json: unknown): Parties {
  const { data, mistakes } = checkForm(fileSchema, json)
  const lines = mistakes === null ? inconsistencies(data) : mistakeLines(mistakes)
  if (lines.length > 0) throw new BillingError('BILL_PARTIES', lines.join('\n'))
  return data!
}

function inconsistencies({ issuer, approvers, members }: Parties): string[] {
  const mistakes: string[] = []
  if (new Set(approvers).size < approvers.length) mistakes.push('approvers: somebody is named twice')
  if (new Set(members.map(({ account }) => account)).size < members.length)
    mistakes.push('members: an account is named twice')
  for (const { name, vat, vatId, taxNumber } of [issuer, ...members]) {
    if (vat.some(({ from }, i) => i > 0 && from <= vat[i - 1]!.from))
      mistakes.push(`${name}: vat is not ascending by day`)
    if (vat.some(({ kind }) => kind === 'taxed' || kind === 'reverse') && vatId === undefined) {
      mistakes.push(`${name}: taxed supplies need a vatId`)
    }
    if (vat.some(({ kind }) => kind === 'small') && vatId === undefined && taxNumber === undefined) {
      mistakes.push(`${name}: a small business needs a vatId or a taxNumber`)
    }
  }
  return mistakes
}

/** How a party's supplies are taxed on a day (`2026-11-05`). Throws `BILL_PARTIES` for a day before the first entry. */
export function vatOn({ name, vat }: { name: string; vat: readonly VatFrom[] }, day: string): VatFrom {
  const found = vat.findLast(({ from }) => from <= day)
  if (found === undefined) throw new BillingError('BILL_PARTIES', `${name}: no vat from ${day} on`)
  return found
}
