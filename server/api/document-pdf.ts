/**
 * A document as PDF, for people: one page or more of A4, in the member's language, tagged so that it can be read aloud. The same
 * document has the same bytes.
 */
import PDFDocument from 'pdfkit'
import { formatMoney } from '../../contracts/protocol/units.ts'
import { centsText } from '../billing/cents.ts'
import { kilowattHoursText, type NumberedDocument, noteOf, priceText, proofLinks } from '../billing/ubl.ts'
import { billWordsOf } from '../billing/words.ts'
import { pdfLetters } from './pdf-letters.ts'

const margin = 50
const columns = [margin, 290, 360, 430]
/** Of the font; a cell that is wider than its column has a smaller one. */
const textSize = 10
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
    ...{ size: 'A4', margin, lang: member.language, displayTitle: true, tagged: true, pdfVersion: '1.7' as const },
    info: {
      Title: `${words.titles[kind]} ${number}`,
      Author: issuer.name,
      CreationDate: new Date(`${issuedOn}T00:00:00Z`),
    },
  })
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const done = new Promise<Buffer>((resolve) => pdf.on('end', () => resolve(Buffer.concat(chunks))))

  const whole = pdf.struct('Document')
  pdf.addStructure(whole)
  /** Draws a part of the document that is read as what its tag says. */
  const put = (tag: 'H1' | 'H2' | 'P', draw: () => void) => whole.add(pdf.struct(tag, {}, draw))

  put('H1', () => pdf.font('Helvetica-Bold').fontSize(18).text(`${words.titles[kind]} ${number}`))
  pdf.font('Helvetica').fontSize(textSize).moveDown()
  put('P', () => pdf.text(`${labels.date}: ${issuedOn}`))
  put('P', () => pdf.text(`${labels.period}: ${own.from} – ${own.to}`))
  pdf.moveDown()
  const [seller, buyer] = kind === '389' || kind === '261' ? [member, issuer] : [issuer, member]
  for (const [label, party] of [
    [labels.seller, seller],
    [labels.buyer, buyer],
  ] as const) {
    const id = party.vatId === undefined || vat.kind === 'private' ? '' : `, ${party.vatId}`
    put('H2', () => pdf.font('Helvetica-Bold').text(label))
    pdf.font('Helvetica')
    const address = `${party.name}, ${party.street}, ${party.postcode} ${party.city}, ${party.country}${id}`
    put('P', () => pdf.text(pdfLetters(address)))
    pdf.moveDown()
  }
  const table = pdf.struct('Table')
  whole.add(table)
  const row = (cells: readonly string[], isHead = false) => {
    if (pdf.y > pdf.page.height - 2 * margin) pdf.addPage()
    const y = pdf.y
    const line = pdf.struct('TR')
    table.add(line)
    for (const [i, cell] of cells.entries()) {
      const shown = pdfLetters(cell)
      pdf.fontSize(Math.min(textSize, (textSize * widths[i]!) / pdf.fontSize(textSize).widthOfString(shown)))
      const align = i === 0 ? 'left' : 'right'
      const draw = () => pdf.text(shown, columns[i]!, y, { width: widths[i]!, align, lineBreak: false })
      if (isHead || i === 0) line.add(pdf.struct('TH', headOf(isHead ? 'Column' : 'Row'), draw))
      else line.add(pdf.struct('TD', {}, draw))
    }
    line.end()
    pdf.fontSize(textSize).x = margin
    pdf.y = y + 16
  }
  pdf.font('Helvetica-Bold')
  row([labels.point, labels.energy, labels.price, labels.net], true)
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
  table.end()
  pdf.moveDown()
  const notes = [...(vat.kind === 'taxed' ? [] : [words.untaxed[vat.kind]]), noteOf(own, words)]
  put('P', () => pdf.text(pdfLetters(notes.join(' ')), margin))
  const links = proofLinks(numbered)
  if (links.length > 0) {
    pdf.moveDown().font('Helvetica-Bold')
    put('H2', () => pdf.text(labels.proof))
    pdf.font('Helvetica').fontSize(8)
  }
  for (const { url, hash } of links) {
    put('P', () => pdf.text(pdfLetters(url), { link: url, underline: true }))
    put('P', () => pdf.text(`SHA-256 ${hash}`))
  }
  whole.end()
  pdf.end()
  return done
}

/** That a cell is the head of its column or row, which pdfkit writes but its types do not know. */
function headOf(scope: 'Column' | 'Row'): PDFKit.Mixins.StructureElementOptions {
  const options: object = { scope }
  return options
}
