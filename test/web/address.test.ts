/** Which view an address names. */
import { expect, it } from 'vitest'
import { addressOf } from '../../web/page/address.tsx'

it('finds the view that an address names', () => {
  expect(addressOf('/')).toEqual({ view: 'neighbourhood' })
  expect(addressOf('/people/larch-lane-4')).toEqual({ view: 'person', person: 'larch-lane-4' })
  expect(addressOf('/people/%C3%A4/')).toEqual({ view: 'person', person: 'ä' })
  expect(addressOf('/account')).toEqual({ view: 'account' })
  expect(addressOf('/join')).toEqual({ view: 'join', code: null })
  expect(addressOf('/join/ABCD2345')).toEqual({ view: 'join', code: 'ABCD2345' })
})

it('finds nobody where there is nothing, whatever is written there', () => {
  for (const path of ['/people', '/people/a/b', '/account/x', '/join/a/b', '/elsewhere']) {
    expect(addressOf(path)).toEqual({ view: 'nobody' })
  }
  expect(addressOf('/people/%E0%A4%A')).toEqual({ view: 'person', person: '%E0%A4%A' })
})
