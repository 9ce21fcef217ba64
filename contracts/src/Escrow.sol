// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";
import {Ledger} from "./Ledger.sol";
import {Purses} from "./Purses.sol";
import {Settlement} from "./Settlement.sol";

/// The escrow of one token: seats, purses and settlement under fixed rules. It has no owner, no pause and no upgrade.
///
/// Read in this order: `IEscrow` and what it inherits (what is promised), `Words` and `Schedule` (how a seat is kept),
/// `Ledger` (storage), `Areas`, `Seats`, `Meters` (together `Registry`), `Purses`, `Settlement` with `Watching`.
contract Escrow is Purses, Settlement {
    /// The code behind every call that is not answered here, for good: it is one contract in two halves, because one half
    /// alone may not be as large as both.
    address public immutable registry;

    constructor(address registry_) Ledger(ICommon(registry_).token(), ICommon(registry_).withdrawalDelaySeconds()) {
        registry = registry_;
    }

    /// Runs the registry's code on this storage, and hands its answer or refusal on.
    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        address code = registry;
        assembly ("memory-safe") {
            let memory_ := mload(0x40)
            calldatacopy(memory_, 0, calldatasize())
            let done := delegatecall(gas(), code, memory_, calldatasize(), 0, 0)
            returndatacopy(memory_, 0, returndatasize())
            if iszero(done) { revert(memory_, returndatasize()) }
            return(memory_, returndatasize())
        }
    }
}
