// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TypedData} from "./TypedData.sol";
import {Ledger} from "./Ledger.sol";
import {Areas} from "./Areas.sol";
import {Seats} from "./Seats.sol";
import {Meters} from "./Meters.sol";

/// The half of the escrow that is not needed to settle: areas, seats, meters and their keys. `Escrow` runs this code on its
/// own storage for every call that it does not answer itself; called directly it holds nothing and moves nothing.
contract Registry is Areas, Seats, Meters {
    /// The delay must be longer than a batch plus what it takes to settle one, outages included.
    constructor(address token, uint32 withdrawalDelaySeconds) Ledger(token, withdrawalDelaySeconds) {}

    /// EIP-5267. `address(this)` is the escrow that runs this code.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (
            hex"0f",
            TypedData.NAME_TEXT,
            TypedData.VERSION_TEXT,
            block.chainid,
            address(this),
            bytes32(0),
            new uint256[](0)
        );
    }
}
