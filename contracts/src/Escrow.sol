// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Ledger} from "./Ledger.sol";
import {Seats} from "./Seats.sol";
import {Purses} from "./Purses.sol";
import {Settlement} from "./Settlement.sol";

/// The escrow of one token: seats, purses and settlement under fixed rules. It has no owner, no pause and no upgrade.
///
/// Read in this order: `IEscrow` (what it promises), `Words` and `Schedule` (how a seat is kept), `Ledger` (areas and
/// storage), `Seats`, `Purses`, `Settlement`.
contract Escrow is Seats, Purses, Settlement {
    /// The delay must be longer than a batch plus what it takes to settle one, outages included.
    constructor(IERC20Metadata token, uint32 withdrawalDelaySeconds) Ledger(token, withdrawalDelaySeconds) {}
}
