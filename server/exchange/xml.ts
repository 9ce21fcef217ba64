/**
 * XML as official files need it: streamed, by local names, without document types or entities, and bounded in depth and in
 * what has to be held at a time.
 */
import { TextDecoder } from 'node:util'
import { type SaxesAttributeNS, SaxesParser } from 'saxes'
import { ExchangeError } from './error.ts'
import { inQuotes } from './quote.ts'

const deepest = 64
const mostAttributes = 1000
/** The longest text, tag or comment: what lies between two events of the parser is held in memory. */
const longestPiece = 1 << 20
/** So many bytes are decoded at a time. */
const sliceBytes = 1 << 16
/** The parser's messages may quote the document. */
const longestMessage = 200

/** What a reader of one kind of document does with it; names are local, `path` runs from the root. */
export interface XmlHandler {
  /** `attribute` gives an attribute's value by its local name, trimmed. */
  open?(name: string, attribute: (name: string) => string | undefined, path: readonly string[]): void
  /** `text` is what stands between the tags of an element that holds no others, trimmed, and empty for those that do. */
  close?(name: string, text: string, path: readonly string[]): void
}

const encodings: Record<string, string> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
}

/** Takes a document piece by piece. Throws `VALUES_UNSAFE`, `VALUES_SYNTAX` or what the handler throws. */
export class XmlReader {
  readonly #parser: SaxesParser<{ xmlns: true }>
  readonly #name: string
  readonly #handler: XmlHandler
  readonly #path: string[] = []
  #decoder: TextDecoder | undefined
  #text = ''
  #leaf = true
  #sinceEvent = 0

  /** `name` is what stands before the line in a refusal: the part of a workbook, or nothing. */
  constructor(handler: XmlHandler, name = '') {
    this.#handler = handler
    this.#name = name
    const parser = new SaxesParser({ xmlns: true })
    this.#parser = parser
    parser.on('error', (error) => {
      throw this.#refusal(
        'VALUES_SYNTAX',
        error.message
          .replace(/^\d+:\d+: /, '')
          .replace(/\.$/, '')
          .slice(0, longestMessage),
      )
    })
    parser.on('doctype', () => {
      throw this.#refusal('VALUES_UNSAFE', 'a document type (DTD) is not accepted')
    })
    parser.on('opentag', ({ local, attributes }) => this.#open(local, attributes))
    parser.on('closetag', ({ local }) => this.#close(local))
    parser.on('text', (text) => this.#append(text))
    parser.on('cdata', (text) => this.#append(text))
    parser.on('comment', () => this.#progress())
    parser.on('processinginstruction', () => this.#progress())
  }

  /** Where the reader stands. */
  place(): string {
    const line = `line ${this.#parser.line}`
    return this.#name === '' ? line : `${this.#name} ${line}`
  }

  /** Takes the next bytes, however many. */
  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += sliceBytes) {
      const slice = bytes.subarray(from, from + sliceBytes)
      this.#decoder ??= this.#decoderFor(slice)
      this.#feed(this.#decode(slice, true))
    }
  }

  /** Ends the document. Throws `VALUES_SYNTAX` where it is cut short. */
  end(): void {
    this.#feed(this.#decode(new Uint8Array(), false))
    this.#parser.close()
  }

  #feed(text: string): void {
    this.#sinceEvent += text.length
    this.#parser.write(text)
    if (this.#sinceEvent > longestPiece + sliceBytes) {
      throw this.#refusal('VALUES_TOO_LARGE', `a text, tag or comment longer than ${longestPiece} characters`)
    }
  }

  #decode(bytes: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder?.decode(bytes, { stream }) ?? ''
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw this.#refusal('VALUES_SYNTAX', `the text is not ${this.#decoder?.encoding}`)
    }
  }

  /** The declaration stands in the first bytes and is ASCII in every encoding that is accepted. */
  #decoderFor(first: Uint8Array): TextDecoder {
    const head = Buffer.from(first.subarray(0, 200)).toString('latin1')
    const declared = /^(?:\xef\xbb\xbf)?<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(head)?.[1] ?? 'utf-8'
    const encoding = encodings[declared.toLowerCase()]
    if (encoding === undefined || head.startsWith('\xff\xfe') || head.startsWith('\xfe\xff')) {
      throw this.#refusal('VALUES_SYNTAX', `encoding ${inQuotes(declared)} is not read: save the file as UTF-8`)
    }
    return new TextDecoder(encoding, { fatal: true })
  }

  #open(name: string, attributes: Record<string, SaxesAttributeNS>): void {
    this.#progress()
    if (this.#path.length === deepest) throw this.#refusal('VALUES_UNSAFE', `nested deeper than ${deepest} elements`)
    if (Object.keys(attributes).length > mostAttributes) {
      throw this.#refusal('VALUES_TOO_LARGE', `a tag with more than ${mostAttributes} attributes`)
    }
    this.#path.push(name)
    this.#text = ''
    this.#leaf = true
    this.#handler.open?.(name, (wanted) => attributeOf(attributes, wanted), this.#path)
  }

  #close(name: string): void {
    this.#progress()
    this.#handler.close?.(name, this.#leaf ? trimmed(this.#text) : '', this.#path)
    this.#path.pop()
    this.#text = ''
    this.#leaf = false
  }

  #append(text: string): void {
    this.#progress()
    if (!this.#leaf) return
    this.#text += text
    if (this.#text.length > longestPiece) {
      throw this.#refusal('VALUES_TOO_LARGE', `a text longer than ${longestPiece} characters`)
    }
  }

  #progress(): void {
    this.#sinceEvent = 0
  }

  #refusal(code: 'VALUES_SYNTAX' | 'VALUES_UNSAFE' | 'VALUES_TOO_LARGE', reason: string): ExchangeError {
    return new ExchangeError(code, this.place(), reason)
  }
}

function attributeOf(attributes: Record<string, SaxesAttributeNS>, wanted: string): string | undefined {
  for (const { local, value } of Object.values(attributes)) if (local === wanted) return trimmed(value)
  return undefined
}

/** Without the white space of XML; other blanks are part of a text. */
function trimmed(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
}

/** Reads a whole document. */
export function readXml(bytes: Uint8Array, handlerFor: (place: () => string) => XmlHandler): void {
  const reader: XmlReader = new XmlReader(handlerFor(() => reader.place()))
  reader.write(bytes)
  reader.end()
}

/** The local name of the root element. Throws as the reader does for what comes before it, and around it. */
export function rootOf(bytes: Uint8Array): string {
  let root: string | undefined
  const reader = new XmlReader({
    open: (name) => {
      root ??= name
    },
  })
  for (let from = 0; from < bytes.length && root === undefined; from += sliceBytes) {
    reader.write(bytes.subarray(from, from + sliceBytes))
  }
  if (root === undefined) reader.end()
  return root ?? ''
}
