/** Which device addresses are understood. */
import { describe, expect, it } from 'vitest'
import { parseEndpoint } from '../../../meter-agent/modbus/endpoint.ts'

describe('a device URL', () => {
  it('names a TCP host and port, 502 by default', () => {
    expect(parseEndpoint('tcp://192.0.2.7:1502')).toMatchObject({ transport: 'tcp', host: '192.0.2.7', port: 1502 })
    expect(parseEndpoint('tcp://inverter.lan')).toMatchObject({
      host: 'inverter.lan',
      port: 502,
      timeoutMs: null,
      tries: null,
    })
    expect(parseEndpoint('tcp://[::1]:502')).toMatchObject({ host: '::1' })
  })

  it('names a serial port with its line settings', () => {
    expect(parseEndpoint('rtu:///dev/ttyUSB0?baud=19200&parity=even&stop=2')).toMatchObject({
      transport: 'rtu',
      host: '/dev/ttyUSB0',
      baud: 19_200,
      parity: 'even',
      stopBits: 2,
    })
    expect(parseEndpoint('rtu:///dev/ttyUSB0')).toMatchObject({ baud: 9600, parity: 'none', stopBits: 1 })
  })

  it('sets how patient the agent is', () => {
    const endpoint = parseEndpoint('rtutcp://gateway:8899?timeout=5000&retries=0&block=50')
    expect(endpoint).toMatchObject({ transport: 'rtutcp', timeoutMs: 5000, tries: 1, registersPerRequest: 50 })
  })

  it('has one key for one wire', () => {
    expect(parseEndpoint('tcp://a:502?timeout=900').key).toBe(parseEndpoint('tcp://a').key)
    expect(parseEndpoint('rtutcp://a:502').key).not.toBe(parseEndpoint('tcp://a:502').key)
  })

  it.each([
    ['inverter', 'is not a device URL'],
    ['http://inverter', 'unknown scheme'],
    ['tcp://', 'is not a host'],
    ['tcp://host:99999', 'is not a device URL'],
    ['tcp://host:0', 'port 0'],
    ['tcp://host/path', 'is not a host and a port'],
    ['tcp://host?baud=9600', 'baud: has no meaning here'],
    ['tcp://host?timeout=soon', 'timeout: must be a whole number from 50 to 60000 (milliseconds), not "soon"'],
    ['rtu://dev/ttyUSB0', 'three slashes'],
    ['rtu:///dev/ttyUSB0?parity=some', 'parity: must be one of "none", "even", "odd", not "some"'],
    ['rtu:///%zz', 'names no serial port'],
  ])('%s is refused by name', (url, reason) => {
    expect(() => parseEndpoint(url)).toThrow(
      expect.objectContaining({ code: 'MODBUS_URL', message: expect.stringContaining(reason) }),
    )
  })
})
