/** A document as PDF, for people: one page or more of A4, in the member's language. The same document has the same bytes. */
import PDFDocument from 'pdfkit'
import { formatMoney } from '../../contracts/protocol/units.ts'
import { centsText } from '../billing/cents.ts'
import { kilowattHoursText, type NumberedDocument, noteOf, priceText, proofLinks } from '../billing/ubl.ts'
import { billWordsOf } from '../billing/words.ts'
import { pdfLetters } from './pdf-letters.ts'

const margin = 50
const columns = [margin, 290, 360, 430]
const widths = [235, 65, 65, 115]

/** Writes it whole; a document has few pages. */
export function pdfOf(numbered: NumberedDocument): Promise<Buffer> {
  const { number, issuedOn, document: own } = numbered
  const { currency, priceDecimals, issuer, kind, member, vat, lines, net, tax, rounding, total, remainder } = own
  const words = billWordsOf(member.language)
  const { labels } = words
  const decimal = (text: string) => (member.language === 'de' ? text.replace('.', ',') : text)
  const money = (cents: bigint) => `${decimal(centsText(cents))} ${currency}`
  const pdf = new PDFDocument({
    ...{ size: 'A4', margin, lang: member.language, displayTitle: true },
    info: {
      Title: `${words.titles[kind]} ${number}`,
      Author: issuer.name,
      CreationDate: new Date(`${issuedOn}T00:00:00Z`),
    },
  })
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const done = new Promise<Buffer>((resolve) => pdf.on('end', () => resolve(Buffer.concat(chunks))))

  pdf.font('Helvetica-Bold').fontSize(18).text(`${words.titles[kind]} ${number}`)
  pdf.font('Helvetica').fontSize(10).moveDown()
  pdf.text(`${labels.date}: ${issuedOn}`).text(`${labels.period}: ${own.from} – ${own.to}`).moveDown()
  const [seller, buyer] = kind === '389' || kind === '261' ? [member, issuer] : [issuer, member]
  for (const [label, party] of [
    [labels.seller, seller],
    [labels.buyer, buyer],
  ] as const) {
    const id = party.vatId === undefined || vat.kind === 'private' ? '' : `, ${party.vatId}`
    pdf.font('Helvetica-Bold').text(label).font('Helvetica')
    const address = `${party.name}, ${party.street}, ${party.postcode} ${party.city}, ${party.country}${id}`
    pdf.text(pdfLetters(address)).moveDown()
  }
  const row = (cells: readonly string[]) => {
    if (pdf.y > pdf.page.height - 2 * margin) pdf.addPage()
    const y = pdf.y
    for (const [i, cell] of cells.entries()) {
      pdf.text(pdfLetters(cell), columns[i]!, y, {
        width: widths[i]!,
        align: i === 0 ? 'left' : 'right',
        lineBreak: false,
      })
    }
    pdf.x = margin
    pdf.y = y + 16
  }
  pdf.font('Helvetica-Bold')
  row([labels.point, labels.energy, labels.price, labels.net])
  pdf.font('Helvetica')
  for (const { point, energyWh, net: own } of lines) {
    const sign = own < 0n ? '-' : ''
    const price = priceText(own < 0n ? -own : own, energyWh)
    row([point, `${sign}${decimal(kilowattHoursText(energyWh))}`, decimal(price), money(own)])
  }
  pdf.moveDown()
  row([labels.net, '', '', money(net)])
  row([vat.kind === 'taxed' ? `${labels.tax} ${decimal(vat.ratePercent)} %` : labels.tax, '', '', money(tax)])
  if (rounding !== 0n) row([labels.rounding, '', '', money(rounding)])
  pdf.font('Helvetica-Bold')
  row([labels.total, '', '', money(total)])
  row([labels.open, '', '', money(net + tax + rounding - total)])
  pdf.font('Helvetica')
  row([labels.remainder, '', '', `${decimal(formatMoney(remainder, priceDecimals))} ${currency}`])
  pdf.moveDown()
  const notes = [...(vat.kind === 'taxed' ? [] : [words.untaxed[vat.kind]]), noteOf(own, words)]
  pdf.text(pdfLetters(notes.join(' ')), margin)
  const links = proofLinks(numbered)
  if (links.length > 0) pdf.moveDown().font('Helvetica-Bold').text(labels.proof).font('Helvetica').fontSize(8)
  for (const { url, hash } of links) pdf.text(pdfLetters(url), { link: url, underline: true }).text(`SHA-256 ${hash}`)
  pdf.end()
  return done
}
