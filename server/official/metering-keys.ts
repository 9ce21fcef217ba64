/**
 * The keys of the metering operator's meters: one for each metering point, all made from the operator's own key, so that there is one file
 * to keep and a point's key is the same wherever it is made.
 */
import { createHmac } from 'node:crypto'
import { Wallet } from 'ethers'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'

/**
 * The key that signs registers of a metering point: HMAC-SHA-256 under the operator's private key. A point of a home that draws and feeds
 * in through two identifiers is named by the one through which it draws.
 */
export function keyOfPoint(operator: Pick<Wallet, 'privateKey'>, point: string): Wallet {
  const secret = Buffer.from(operator.privateKey.slice(2), 'hex')
  return new Wallet(`0x${createHmac('sha256', secret).update(`commonwatt metering point ${point}`).digest('hex')}`)
}

/** The keys of these points by the meter's address. */
export function keysOfPoints(operator: Pick<Wallet, 'privateKey'>, points: Iterable<string>): Map<Address, Wallet> {
  const keys = [...points].map((point) => keyOfPoint(operator, point))
  return new Map(keys.map((key) => [parseAddress(key.address), key]))
}
