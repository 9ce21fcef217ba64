/** Numbers of registers with their scale. */
import { describe, expect, it } from 'vitest'
import { scaled } from '../../../meter-agent/modbus/words.ts'

describe('a scaled value', () => {
  it.each([
    [123n, -2, 1.23],
    [-5n, 3, -5_000],
    [0.1, 3, 100],
    [1.5e22, 3, 1.5e25],
    [-2e-7, 3, -2e-4],
    [3e-7, -3, 3e-10],
    [0, 3, 0],
  ])('is the decimal with its point moved, whatever its size (%s × 10^%i)', (raw, exponent, expected) => {
    expect(scaled(raw, exponent)).toBe(expected)
  })
})
