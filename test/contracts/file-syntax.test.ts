/** What is said of files that are no JSON or no TOML. */
import fc from 'fast-check'
import { parse as parseToml } from 'smol-toml'
import { expect, test } from 'vitest'
import { mistakeInToml, parseJsonText, tomlTrouble } from '../../contracts/protocol/file-syntax.ts'

function troubleOf(text: string): string {
  try {
    return `${parseJsonText(text)}`
  } catch (error) {
    return (error as SyntaxError).message
  }
}

test.each([
  ['', 'this is no JSON: it ends too early'],
  ['{"a": [1, 2', 'this is no JSON: it ends too early'],
  ['{"a": "b', 'this is no JSON: it ends too early'],
  ['hello', 'this is no JSON: see line 1, column 1'],
  ['{"a" 1}', 'this is no JSON: see line 1, column 6'],
  ['{\n  "a": 1\n  "b": 2\n}', 'this is no JSON: see line 3, column 3'],
  ['{"a": 1,}', 'this is no JSON: see line 1, column 9'],
  ["{'a': 1}", 'this is no JSON: see line 1, column 2'],
  ['{"a": 1} x', 'this is no JSON: see line 1, column 10'],
  ['{"a": foo}', 'this is no JSON: see line 1, column 8'],
  ['{"a": True}', 'this is no JSON: see line 1, column 7'],
])('%j: %s', (text, trouble) => {
  expect(troubleOf(text)).toBe(trouble)
})

test('a text that is JSON is read, and one that is cut anywhere ends too early', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
  fc.assert(
    fc.property(object, fc.double({ min: 0, max: 0.999, noNaN: true }), (value, part) => {
      const text = JSON.stringify(value)
      expect(parseJsonText(text)).toEqual(JSON.parse(text))
      expect(troubleOf(text.slice(0, Math.floor(text.length * part)))).toBe('this is no JSON: it ends too early')
    }),
  )
})

test('a mark of its encoding before a text is no fault, as editors write one', () => {
  expect(parseJsonText('\uFEFF{"a": 1}')).toEqual({ a: 1 })
  expect(troubleOf('\uFEFF{"a" 1}')).toBe('this is no JSON: see line 1, column 6')
})

test('a fault in TOML is told by its place, without the text there', () => {
  let trouble = ''
  try {
    parseToml('a = 1\nb = secret')
  } catch (error) {
    trouble = tomlTrouble(error)
  }
  expect(trouble).toMatch(/^this is no TOML: see line 2, column \d+$/)
  expect(tomlTrouble(new Error('something else'))).toBe('this is no TOML')
})

test('an object is a table in TOML', () => {
  expect(mistakeInToml('must be an object, not 5')).toBe('must be a table, not 5')
  expect(mistakeInToml('must be a list, not an object')).toBe('must be a list, not a table')
})
