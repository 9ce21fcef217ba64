/** Which view an address names. */
import { expect, it } from 'vitest'
import { addressOf, pathIn } from '../../web/page/address.tsx'

it('finds the view that an address names', () => {
  const area = null
  expect(addressOf('/')).toEqual({ area, view: 'neighbourhood' })
  expect(addressOf('/people/larch-lane-4')).toEqual({ area, view: 'person', person: 'larch-lane-4' })
  expect(addressOf('/people/%C3%A4/')).toEqual({ area, view: 'person', person: 'ä' })
  expect(addressOf('/account')).toEqual({ area, view: 'account' })
  expect(addressOf('/join')).toEqual({ area, view: 'join', code: null })
  expect(addressOf('/join/ABCD2345')).toEqual({ area, view: 'join', code: 'ABCD2345' })
  expect(addressOf('/areas')).toEqual({ area, view: 'areas' })
})

it('finds the area that an address names, with every view of it', () => {
  for (const rest of ['/', '/people/a', '/account', '/join', '/join/ABCD2345', '/elsewhere']) {
    const path = pathIn('hill & dale', rest)
    expect(path).toMatch(/^\/areas\/hill%20%26%20dale(\/[a-z]|$)/)
    expect(addressOf(path)).toEqual({ ...addressOf(rest), area: 'hill & dale' })
    expect(pathIn(null, rest)).toBe(rest)
  }
})

it('finds nobody where there is nothing, whatever is written there', () => {
  for (const path of ['/people', '/people/a/b', '/account/x', '/join/a/b', '/elsewhere', '/areas/1/areas']) {
    expect(addressOf(path).view).toBe('nobody')
  }
  expect(addressOf('/people/%E0%A4%A')).toMatchObject({ view: 'person', person: '%E0%A4%A' })
})
