/** Whatever a token says of its permits, the domain that is signed is the one whose separator it compares with. */
import { AbiCoder, id, type JsonRpcProvider, makeError, type TypedDataDomain, TypedDataEncoder } from 'ethers'
import { describe, expect, it } from 'vitest'
import { readPermitDomain } from '../../server/chain/permit-domain.ts'

const chainId = 137
const verifyingContract = `0x${'c'.repeat(40)}`
const whole = { name: 'Coin', chainId, verifyingContract }

type Answers = Record<string, [types: string[], values: unknown[]]>
const text = (value: string): Answers[string] => [['string'], [value]]

/** What EIP-5267 tells of a domain. */
function described({ name = '', version = '', salt = `0x${'0'.repeat(64)}`, ...rest }: TypedDataDomain): Answers {
  const has = [
    name !== '',
    version !== '',
    rest.chainId != null,
    rest.verifyingContract != null,
    !/^0x0+$/.test(`${salt}`),
  ]
  const fields = has.reduce((sum, own, bit) => sum + (own ? 2 ** bit : 0), 0)
  const types = ['bytes1', 'string', 'string', 'uint256', 'address', 'bytes32', 'uint256[]']
  const { chainId = 0, verifyingContract = `0x${'0'.repeat(40)}` } = rest
  const values = [`0x${fields.toString(16).padStart(2, '0')}`, name, version, chainId, verifyingContract, salt, []]
  return { eip712Domain: [types, values] }
}

/** What is found for a token whose permits have this domain and which answers nothing but this. */
function found(domain: TypedDataDomain | null, says: Answers) {
  const own: Answers = { ...says }
  if (domain !== null) own.DOMAIN_SEPARATOR = [['bytes32'], [TypedDataEncoder.hashDomain(domain)]]
  const call = async ({ data }: { data: string }) => {
    const name = Object.keys(own).find((name) => id(`${name}()`).slice(0, 10) === data)
    if (name === undefined) throw makeError('execution reverted', 'CALL_EXCEPTION', {} as never)
    return AbiCoder.defaultAbiCoder().encode(...own[name]!)
  }
  return readPermitDomain({ call } as unknown as JsonRpcProvider, verifyingContract, chainId)
}

describe('the domain of a token’s permits', () => {
  it.each<[string, TypedDataDomain, Answers]>([
    ['as EIP-5267 tells it', { ...whole, version: '1' }, described({ ...whole, version: '1' })],
    ['as EIP-5267 tells it, without a version', whole, described(whole)],
    ['as EIP-5267 tells it, with a salt', { ...whole, salt: id('salt') }, described({ ...whole, salt: id('salt') })],
    ['with the version that it tells', { ...whole, version: '2' }, { name: text('Coin'), version: text('2') }],
    [
      'under the other name of a version',
      { ...whole, version: '7' },
      { name: text('Coin'), EIP712_VERSION: text('7') },
    ],
    ['of a token that tells no version', { ...whole, version: '3' }, { name: text('Coin') }],
    ['that has no version', whole, { name: text('Coin') }],
    [
      'with the chain in the salt',
      { name: 'Coin', version: '1', verifyingContract, salt: `0x${chainId.toString(16).padStart(64, '0')}` },
      { name: text('Coin'), EIP712_VERSION: text('1') },
    ],
    [
      'of a token whose description is of another one',
      { ...whole, version: '2' },
      { ...described({ ...whole, version: '1' }), name: text('Coin'), version: text('2') },
    ],
    ['of a token whose version is another one', { ...whole, version: '1' }, { name: text('Coin'), version: text('9') }],
  ])('%s', async (_, domain, says) => {
    expect(await found(domain, says)).toEqual(domain)
  })

  it('is none where nothing fits what the token compares with', async () => {
    expect(await found({ ...whole, version: '8' }, { name: text('Coin'), version: text('9') })).toBeNull()
    expect(await found({ ...whole, chainId: 1 }, { name: text('Coin') })).toBeNull()
    expect(await found(null, { name: text('Coin'), version: text('1') })).toBeNull()
  })

  it('is not guessed where the node does not answer', async () => {
    const silent = { call: () => Promise.reject(makeError('timeout', 'TIMEOUT', {} as never)) }
    await expect(readPermitDomain(silent as unknown as JsonRpcProvider, verifyingContract, chainId)).rejects.toThrow()
  })
})
