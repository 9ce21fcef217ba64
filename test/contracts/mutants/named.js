// Mistakes that were once made on purpose and no test noticed. They are tried in every run, before the drawn ones.

/** Each is an exact replacement of a text that its file holds once. */
export const named = [
  {
    name: 'amounts that cancel count as none: +x and −x without energy would invent 2x for the grid operator',
    file: 'Settlement.sol',
    from: 'else if (word.paid() | word.received() != 0)',
    to: 'else if (word.paid() + word.received() != 0)',
  },
  {
    name: 'a second debit of a batch overwrites the first',
    file: 'Settlement.sol',
    from: 'outcome.debit += uint96(uint256(-net));',
    to: 'outcome.debit = uint96(uint256(-net));',
  },
  {
    name: 'the credit of a former batch waits for the next one that is open',
    file: 'Ledger.sol',
    from: 'if (open.header != 0 && open.sequence == outcome.sequence) return state;',
    to: 'if (open.header != 0) return state;',
  },
  {
    name: 'only the first batch of an area has a time from which it can be given up',
    file: 'Settlement.sol',
    from: 'open.openedAt = uint32(block.timestamp);',
    to: 'if (open.openedAt == 0) open.openedAt = uint32(block.timestamp);',
  },
  {
    name: 'a seat that nobody opened takes a base that nobody signed',
    file: 'Settlement.sol',
    from: 'if (number > area.lastNumber && offset != 0) revert SeatUnknown(part.seatId);',
    to: '',
  },
  {
    name: 'a silent seat keeps the changes that were settled',
    file: 'Arrangements.sol',
    from: 'seat.state.time() > area.settledUntil ? seat.state.time() : area.settledUntil;',
    to: 'seat.state.time();',
  },
  {
    name: 'a wallet has too little gas for a passkey in plain code',
    file: 'Signatures.sol',
    from: 'WALLET_GAS = 1_000_000;',
    to: 'WALLET_GAS = 100_000;',
  },
  {
    name: 'a wallet may use all the gas there is',
    file: 'Signatures.sol',
    from: 'staticcall(gasLimit, signer',
    to: 'staticcall(gas(), signer',
  },
  {
    name: 'a wallet that reverts with the magic word has signed',
    file: 'Signatures.sol',
    from: 'answered := and(answered, gt(returndatasize(), 0x1f))',
    to: 'answered := gt(returndatasize(), 0x1f)',
  },
  {
    name: 'a wallet that answers with four bytes has signed',
    file: 'Signatures.sol',
    from: 'answered := and(answered, gt(returndatasize(), 0x1f))',
    to: '',
  },
  {
    name: "evidence about the suspension's own boundary suspends again",
    file: 'Meters.sol',
    from: 'first.time <= record.provedUntil',
    to: 'first.time < record.provedUntil',
  },
  {
    name: 'a new base keeps the bits of the former epoch',
    file: 'Words.sol',
    from: '(uint256(type(uint80).max) << 176) | type(uint32).max);',
    to: '(uint256(type(uint80).max) << 176) | type(uint48).max);',
  },
]
