/**
 * Writes texts and numbers as a PDF document: A4, in Helvetica, which every PDF reader has, so no font is embedded. The
 * texts are tagged as headings, paragraphs and tables. The same content always gives the same bytes.
 */

import { type Element, type Tag, Tags } from './paper-tags.ts'

/** A text or number in one line: texts start at the left margin, and numbers end at a given place of the page. */
interface Cell {
  /** Nothing is drawn for an empty text, which keeps the place of a column. */
  text: string
  /** The place where the text ends, in points from the left edge. Without it, the text starts at the left margin. */
  endsAt?: number
}

type Style = 'title' | 'head' | 'plain' | 'strong' | 'small'

/** The size of each style's letters and the height of its line, in points. */
const styles: Record<Style, { size: number; leading: number; isBold: boolean }> = {
  title: { size: 16, leading: 26, isBold: true },
  head: { size: 11, leading: 22, isBold: true },
  plain: { size: 10, leading: 15, isBold: false },
  strong: { size: 10, leading: 15, isBold: true },
  small: { size: 8, leading: 11, isBold: false },
}

/** The size of an A4 page and its margin, in points. */
export const sheet = { width: 595, height: 842, margin: 50 } as const

/** What a text outside a table is by its style. */
const tagOf: Partial<Record<Style, Tag>> = { title: 'H1', head: 'H2' }

export class Paper {
  private readonly pages: string[][] = [[]]
  private readonly tags = new Tags()
  private table: { element: Element; columns: number } | null = null
  private y = sheet.height - sheet.margin

  /** Writes a text over as many lines as it takes: within a table as a row of its own. */
  text(text: string, style: Style = 'plain'): void {
    const element =
      this.table === null
        ? this.tags.add(tagOf[style] ?? 'P')
        : this.tags.add('TD', {
            within: this.tags.add('TR', { within: this.table.element }),
            attributes: `/ColSpan ${this.table.columns}`,
          })
    for (const line of wrapped(text, style)) {
      this.nextLine(style)
      this.draw({ text: line }, style, element)
    }
  }

  /** Begins a table, to which all belongs until it ends; its first row names the columns. */
  beginTable(heads: readonly Cell[], style: Style): void {
    this.table = { element: this.tags.add('Table'), columns: heads.length }
    this.cells(heads, style, () => ({ tag: 'TH', attributes: '/Scope /Column' }))
  }

  /** Writes a row of the table, whose first cell names it. */
  row(cells: readonly Cell[], style: Style = 'plain'): void {
    this.cells(cells, style, (place) =>
      place === 0 && cells[0]!.text !== '' ? { tag: 'TH', attributes: '/Scope /Row' } : { tag: 'TD', attributes: null },
    )
  }

  endTable(): void {
    this.table = null
  }

  private cells(
    cells: readonly Cell[],
    style: Style,
    kindOf: (place: number) => { tag: Tag; attributes: string | null },
  ): void {
    const row = this.tags.add('TR', { within: this.table!.element })
    this.nextLine(style)
    for (const [place, cell] of cells.entries()) {
      const { tag, attributes } = kindOf(place)
      this.draw(cell, style, this.tags.add(tag, { within: row, attributes }))
    }
  }

  private nextLine(style: Style): void {
    const { leading } = styles[style]
    if (this.y - leading < sheet.margin) {
      this.pages.push([])
      this.y = sheet.height - sheet.margin
    }
    this.y -= leading
  }

  private draw({ text, endsAt }: Cell, style: Style, element: Element): void {
    if (text === '') return
    const { size, isBold } = styles[style]
    const x = endsAt === undefined ? sheet.margin : endsAt - widthOf(text, size)
    const shown = encoded(text).replace(/[\\()]/g, '\\$&')
    const { begin, end } = this.tags.mark(element, this.pages.length - 1)
    const drawing = `BT /${isBold ? 'B' : 'R'} ${size} Tf ${x.toFixed(1)} ${this.y.toFixed(1)} Td (${shown}) Tj ET`
    this.pages.at(-1)!.push(`${begin} ${drawing} ${end}`)
  }

  /** The whole file as bytes. */
  bytes(about: { title: string; language: string }): Uint8Array<ArrayBuffer> {
    const pageObject = (page: number) => 5 + 2 * page
    const kids = this.pages.map((_, page) => `${pageObject(page)} 0 R`).join(' ')
    const font = (name: string) => `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`
    const information = pageObject(this.pages.length)
    const objects = [
      `<< /Type /Catalog /Pages 2 0 R /Lang (${about.language}) /ViewerPreferences << /DisplayDocTitle true >> /MarkInfo << /Marked true >> /StructTreeRoot ${information + 1} 0 R >>`,
      `<< /Type /Pages /Kids [${kids}] /Count ${this.pages.length} /MediaBox [0 0 ${sheet.width} ${sheet.height}] /Resources << /Font << /R 3 0 R /B 4 0 R >> >> >>`,
      font('Helvetica'),
      font('Helvetica-Bold'),
      ...this.pages.flatMap((lines, page) => {
        const drawn = lines.join('\n')
        const contents = `${pageObject(page) + 1} 0 R`
        return [
          `<< /Type /Page /Parent 2 0 R /Contents ${contents} /StructParents ${page} /Tabs /S >>`,
          `<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`,
        ]
      }),
      `<< /Title <${utf16(about.title)}> >>`,
      ...this.tags.objects(information + 1, pageObject),
    ]
    let file = '%PDF-1.7\n'
    const places = objects.map((object, index) => {
      const place = file.length
      file += `${index + 1} 0 obj\n${object}\nendobj\n`
      return `${String(place).padStart(10, '0')} 00000 n \n`
    })
    const table = file.length
    file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`
    file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${information} 0 R >>\nstartxref\n${table}\n%%EOF\n`
    return Uint8Array.from(file, (character) => character.charCodeAt(0))
  }
}

/** The characters beyond Latin-1 that the fonts have (WinAnsi), and what stands for others that texts use. */
const beyond: Record<string, string> = {
  ...{
    '€': '\x80',
    '„': '\x84',
    '…': '\x85',
    '‘': '\x91',
    '’': '\x92',
    '“': '\x93',
    '”': '\x94',
    '–': '\x96',
    '—': '\x97',
  },
  ...{ '−': '-', '\u202f': '\xa0' },
}

function encoded(text: string): string {
  return Array.from(text, (character) => {
    const known = beyond[character] ?? character
    return known.length === 1 && known.charCodeAt(0) <= 0xff ? known : '?'
  }).join('')
}

/** The widths of Helvetica's characters from the space to the tilde, in thousandths of the font size (Adobe's font metrics). */
const widths = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
]
/** The width that is assumed for all other characters, among them the euro sign and letters with marks. */
const otherWidth = 556

/** The width of a text in points. Bold letters are hardly wider, and numbers are exactly as wide. */
export function widthOf(text: string, size: number): number {
  const sum = Array.from(encoded(text)).reduce((total, character) => {
    const code = character === '\xa0' ? 0x20 : character.charCodeAt(0)
    return total + (widths[code - 0x20] ?? otherWidth)
  }, 0)
  return (sum * size) / 1000
}

function wrapped(text: string, style: Style): string[] {
  const most = (sheet.width - 2 * sheet.margin) * 0.97
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer, styles[style].size) > most) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function utf16(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index).toString(16).padStart(4, '0'))
  return `feff${units.join('')}`
}
