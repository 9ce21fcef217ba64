/**
 * The structure of a PDF document (ISO 32000-1, 14.7 and 14.8): what is a heading, a paragraph or a cell of a table, and in which
 * order it is read. Without it, a screen reader has only letters at places.
 */

/** What a part of a document is, by its standard name. */
export type Tag = 'Document' | 'H1' | 'H2' | 'P' | 'Table' | 'TR' | 'TH' | 'TD'

export interface Element {
  tag: Tag
  /** The attributes of a cell, as PDF. */
  attributes: string | null
  kids: (Element | Marked)[]
}

/** A text on a page, by its number among the marked texts of that page. */
interface Marked {
  page: number
  mark: number
}

export class Tags {
  private readonly document: Element = { tag: 'Document', attributes: null, kids: [] }
  /** The elements to which the marked texts of each page belong. */
  private readonly owners: Element[][] = []

  /** A new element at the end of another one, or of the document. */
  add(
    tag: Tag,
    { within = this.document, attributes = null }: { within?: Element; attributes?: string | null } = {},
  ): Element {
    const element = { tag, attributes, kids: [] }
    within.kids.push(element)
    return element
  }

  /** Makes the next text of a page a part of an element, and gives what stands before and after its drawing. */
  mark(element: Element, page: number): { begin: string; end: string } {
    const own = this.owners[page] ?? []
    this.owners[page] = own
    const mark = own.push(element) - 1
    element.kids.push({ page, mark })
    return { begin: `/${element.tag} << /MCID ${mark} >> BDC`, end: 'EMC' }
  }

  /**
   * The structure's objects, the first of which is its root.
   *
   * @param first the number of the first object.
   * @param pageObject the number of the object of a page.
   */
  objects(first: number, pageObject: (page: number) => number): string[] {
    const elements: { element: Element; parent: Element | null }[] = []
    const walk = (element: Element, parent: Element | null) => {
      elements.push({ element, parent })
      for (const kid of element.kids) if ('tag' in kid) walk(kid, element)
    }
    walk(this.document, null)
    // The root and the tree of parents come before the elements.
    const numbers = new Map(elements.map(({ element }, place) => [element, first + 2 + place]))
    const of = (element: Element) => `${numbers.get(element)} 0 R`
    const kid = (each: Element | Marked) =>
      'tag' in each ? of(each) : `<< /Type /MCR /Pg ${pageObject(each.page)} 0 R /MCID ${each.mark} >>`
    const parents = this.owners.map((owners, page) => `${page} [${owners.map(of).join(' ')}]`)
    return [
      `<< /Type /StructTreeRoot /K ${of(this.document)} /ParentTree ${first + 1} 0 R /ParentTreeNextKey ${parents.length} >>`,
      `<< /Nums [${parents.join(' ')}] >>`,
      ...elements.map(({ element: { tag, attributes, kids }, parent }) => {
        const above = parent === null ? `${first} 0 R` : of(parent)
        const own = attributes === null ? '' : ` /A << /O /Table ${attributes} >>`
        return `<< /Type /StructElem /S /${tag} /P ${above}${own} /K [${kids.map(kid).join(' ')}] >>`
      }),
    ]
  }
}
