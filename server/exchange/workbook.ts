/**
 * One sheet of an Office Open XML workbook (ISO/IEC 29500), row by row. Every part is unpacked in a stream, counted and
 * compared with its checksum, whatever its header says of its size.
 */
import { crc32 } from 'node:zlib'
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'
import { ExchangeError } from './error.ts'
import { inQuotes, shortened } from './quote.ts'
import { type XmlHandler, XmlReader } from './xml.ts'

const mebibyte = 1 << 20
/** What one part may unpack to, and all of them. */
const mostPartBytes = 128 * mebibyte
const mostBytes = 256 * mebibyte
const mostParts = 1000
const mostSheets = 1000
/** The most columns and rows of a sheet: Excel's own bounds. */
const [mostColumns, mostRows] = [16_384, 1_048_576]
const [mostStrings, mostStringCharacters] = [1_000_000, 32 * mebibyte]

export interface Cell {
  /** The column, counted from 0. */
  column: number
  kind: 'text' | 'number' | 'other'
  /** The text without surrounding blanks; never empty. */
  text: string
}

export interface SheetRow {
  /** The row's number, counted from 1. */
  number: number
  cells: Cell[]
}

/** `B17` of a column counted from 0 and a row counted from 1. */
export function cellName(column: number, row: number): string {
  let name = ''
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  }
  return `${name}${row}`
}

/**
 * Gives the rows of the sheet with this name to `take`, in the file's order and without empty cells. Throws
 * `VALUES_SYNTAX` for what is no whole workbook, `VALUES_FORMAT` where it has no such sheet, `VALUES_TOO_LARGE` and
 * `VALUES_UNSAFE`.
 */
export async function readSheet(bytes: Buffer, sheet: string, take: (row: SheetRow) => void): Promise<void> {
  const book = await openParts(bytes)
  const main = await readRelations(book, '_rels/.rels', '')
  const workbook = main.find(({ type }) => type === 'officeDocument')?.target ?? 'xl/workbook.xml'
  const sheetRelation = await findSheet(book, workbook, sheet)
  const folder = workbook.slice(0, workbook.lastIndexOf('/') + 1)
  const relations = await readRelations(book, `${folder}_rels/${workbook.slice(folder.length)}.rels`, folder)
  const stringsPart = relations.find(({ type }) => type === 'sharedStrings')?.target
  const strings = stringsPart === undefined ? [] : await readStrings(book, stringsPart)
  const part = relations.find(({ id }) => id === sheetRelation)?.target
  if (part === undefined) throw new ExchangeError('VALUES_SYNTAX', workbook, `sheet ${inQuotes(sheet)} has no part`)
  await readPart(book, part, rowsOf(strings, sheet, take))
  for (const name of book.parts.keys()) if (!book.read.has(name)) await readPart(book, name, {})
}

interface Book {
  zip: ZipFile
  parts: Map<string, Entry>
  read: Set<string>
  unpackedBytes: number
}

async function openParts(bytes: Buffer): Promise<Book> {
  try {
    const zip = await fromBufferPromise(bytes, { strictFileNames: true })
    const parts = new Map<string, Entry>()
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue
      if (parts.has(entry.fileName)) throw damaged(`part ${inQuotes(entry.fileName)} stands twice`)
      if (parts.size === mostParts) throw new ExchangeError('VALUES_TOO_LARGE', '', `more than ${mostParts} parts`)
      if (!entry.canDecodeFileData())
        throw damaged(`part ${inQuotes(entry.fileName)} is encrypted or packed in another way`)
      parts.set(entry.fileName, entry)
    }
    return { zip, parts, read: new Set(), unpackedBytes: 0 }
  } catch (error) {
    throw error instanceof ExchangeError ? error : damaged((error as Error).message)
  }
}

function damaged(reason: string): ExchangeError {
  return new ExchangeError('VALUES_SYNTAX', '', `no whole workbook: ${reason.slice(0, 200)}`)
}

/** Unpacks a part, through `handler` where it is XML. */
async function readPart(book: Book, name: string, handler: XmlHandler): Promise<void> {
  const entry = book.parts.get(name)
  if (entry === undefined) throw damaged(`part ${inQuotes(name)} is missing`)
  book.read.add(name)
  const tooLarge = (bytes: number) =>
    new ExchangeError('VALUES_TOO_LARGE', shortened(name), `unpacks to more than ${bytes / mebibyte} MiB`)
  if (entry.uncompressedSize > mostPartBytes) throw tooLarge(mostPartBytes)
  const xml = /\.(?:xml|rels)$/i.test(name) ? new XmlReader(handler, shortened(name)) : null
  let [checksum, bytes] = [0, 0]
  try {
    const stream = await book.zip.openReadStreamPromise(entry)
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length
      book.unpackedBytes += chunk.length
      if (bytes > mostPartBytes) throw tooLarge(mostPartBytes)
      if (book.unpackedBytes > mostBytes) throw tooLarge(mostBytes)
      checksum = crc32(chunk, checksum)
      xml?.write(chunk)
    }
  } catch (error) {
    throw error instanceof ExchangeError || !(error instanceof Error) || !isOfPacking(error)
      ? error
      : damaged(error.message)
  }
  if (checksum !== entry.crc32) throw damaged(`part ${inQuotes(name)} does not have its checksum`)
  xml?.end()
}

/** Errors of the unpacking are the file's fault; a TypeError or RangeError is ours. */
function isOfPacking(error: Error): boolean {
  return error.name === 'Error'
}

interface Relation {
  id: string
  /** The last part of its type's name. */
  type: string
  /** The name of the part that it leads to. */
  target: string
}

/** The relations that a part of this name lists, their targets resolved from `folder`. None where there is no such part. */
async function readRelations(book: Book, name: string, folder: string): Promise<Relation[]> {
  const relations: Relation[] = []
  if (!book.parts.has(name)) return relations
  await readPart(book, name, {
    open(element, attribute) {
      if (element !== 'Relationship' || attribute('TargetMode') === 'External') return
      const [target, base] = [attribute('Target') ?? '', `part:/${folder}`]
      const type = attribute('Type') ?? ''
      if (relations.length === mostParts) throw damaged('more relations than parts')
      if (!URL.canParse(target, base)) throw damaged(`${inQuotes(target)} is no name of a part`)
      relations.push({
        id: attribute('Id') ?? '',
        type: type.slice(type.lastIndexOf('/') + 1),
        target: new URL(target, base).pathname.slice(1),
      })
    },
  })
  return relations
}

/** The relation of the sheet with this name. */
async function findSheet(book: Book, workbook: string, sheet: string): Promise<string> {
  const sheets = new Map<string, string>()
  if (!book.parts.has(workbook)) throw damaged('it has no workbook part')
  await readPart(book, workbook, {
    open(element, attribute) {
      if (element === 'workbookPr' && ['1', 'true'].includes(attribute('date1904') ?? '')) {
        throw new ExchangeError('VALUES_TIME', workbook, 'dates counted from 1904 are not read')
      }
      if (element !== 'sheet') return
      const name = attribute('name') ?? ''
      if (sheets.has(name)) throw new ExchangeError('VALUES_SYNTAX', workbook, `sheet ${inQuotes(name)} stands twice`)
      if (sheets.size === mostSheets)
        throw new ExchangeError('VALUES_TOO_LARGE', workbook, `more than ${mostSheets} sheets`)
      sheets.set(name, attribute('id') ?? '')
    },
  })
  const relation = sheets.get(sheet)
  if (relation === undefined) {
    const names = [...sheets.keys()].slice(0, 5).map(inQuotes).join(', ')
    throw new ExchangeError('VALUES_FORMAT', workbook, `no sheet ${inQuotes(sheet)}, only ${names || 'none'}`)
  }
  return relation
}

async function readStrings(book: Book, part: string): Promise<string[]> {
  const strings: string[] = []
  let [text, characters] = ['', 0]
  await readPart(book, part, {
    open(element) {
      if (element === 'si') text = ''
    },
    close(element, content, path) {
      // Phonetic runs say how a text is read, not what it is.
      if (element === 't' && !path.includes('rPh')) text += content
      if (element !== 'si') return
      characters += text.length
      strings.push(text)
      if (strings.length > mostStrings || characters > mostStringCharacters) {
        throw new ExchangeError('VALUES_TOO_LARGE', shortened(part), 'more texts than a workbook of values has')
      }
    },
  })
  return strings
}

/** Handles the part of a sheet: what a cell says in each of the ways in which it can say it. */
function rowsOf(strings: readonly string[], sheet: string, take: (row: SheetRow) => void): XmlHandler {
  let row: SheetRow = { number: 0, cells: [] }
  let column = -1
  let type = ''
  let text = ''
  const refuse = (reason: string): never => {
    throw new ExchangeError('VALUES_SYNTAX', `${sheet}!${cellName(Math.max(column, 0), row.number)}`, reason)
  }
  return {
    open(element, attribute) {
      if (element === 'row') {
        const number = attribute('r') ?? String(row.number + 1)
        const isNext = /^\d{1,7}$/.test(number) && Number(number) > row.number && Number(number) <= mostRows
        if (!isNext) refuse(`row ${inQuotes(number)} does not come after the one before`)
        row = { number: Number(number), cells: [] }
        column = -1
      } else if (element === 'c') {
        const reference = attribute('r')
        const next = reference === undefined ? column + 1 : columnOf(reference, row.number)
        if (next <= column || next >= mostColumns)
          refuse(`cell ${inQuotes(reference ?? '')} does not come after the one before`)
        ;[column, type, text] = [next, attribute('t') ?? 'n', '']
      }
    },
    close(element, content, path) {
      if (element === 'row') take(row)
      else if (element === 'v' && path.at(-2) === 'c' && type !== 'inlineStr') text = content
      else if (element === 't' && path.includes('is') && !path.includes('rPh') && type === 'inlineStr') text += content
      else if (element === 'c') {
        if (text === '') return
        if (type === 's')
          text = (/^\d{1,7}$/.test(text) ? strings[Number(text)] : undefined) ?? refuse('an unknown text')
        const kind = type === 'n' ? 'number' : ['s', 'inlineStr', 'str'].includes(type) ? 'text' : 'other'
        const trimmed = text.trim()
        if (trimmed !== '') row.cells.push({ column, kind, text: trimmed })
      }
    },
  }
}

/** The column of a reference, counted from 0; −1 where it is no cell of this row. */
function columnOf(reference: string, row: number): number {
  const [, letters, number] = /^([A-Z]{1,3})(\d{1,7})$/.exec(reference) ?? []
  if (letters === undefined || Number(number) !== row) return -1
  return Array.from(letters).reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1
}
