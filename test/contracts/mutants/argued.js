// Mistakes that no test can notice, because what the contracts promise stays the same, each with the reason.

/** `was` and `becomes` are the line before and after, without needless blanks. */
export const argued = [
  {
    file: 'Areas.sol',
    was: 'uint256 private constant LARGEST_UNIT = 1e38;',
    becomes: 'uint256 private constant LARGEST_UNIT = 2e38;',
    why: 'What is compared with it is a power of ten by then, and none lies between the two.',
  },
  {
    file: 'Areas.sol',
    was: 'if (numerator < 1e9) return (uint128(1e9 / numerator), 1);',
    becomes: 'if (numerator <= 1e9) return (uint128(1e9 / numerator), 1);',
    why: 'Where the two are equal, one unit is one base unit, whichever is counted in the other.',
  },
  {
    file: 'Purses.sol',
    was: 'tokens -= tokens % (multiple > tokensPerUnit ? multiple : tokensPerUnit);',
    becomes: 'tokens -= tokens % (multiple >= tokensPerUnit ? multiple : tokensPerUnit);',
    why: 'Where the two are equal, either one is the same number.',
  },
  {
    file: 'Seats.sol',
    was: 'if (record.seat == seatId && from < record.begins) from = record.begins;',
    becomes: 'if (record.seat == seatId && from <= record.begins) from = record.begins;',
    why: 'Where the two are equal, the one is set to what it is.',
  },
  {
    file: 'Seats.sol',
    was: 'if (freeFrom > from) from = _boundary(area, freeFrom);',
    becomes: 'if (freeFrom >= from) from = _boundary(area, freeFrom);',
    why: 'Where the two are equal, `from` is a boundary after now already, and the boundary at it or later is itself.',
  },
  {
    file: 'Settlement.sol',
    was: 'if (net < 0) outcome.debit += uint96(uint256(-net));',
    becomes: 'if (net <= 0) outcome.debit += uint96(uint256(-net));',
    why: 'Nothing is added to the one instead of to the other.',
  },
]
