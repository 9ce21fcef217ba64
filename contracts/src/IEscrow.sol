// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAreas} from "./IAreas.sol";
import {ISeats} from "./ISeats.sol";
import {IMeters} from "./IMeters.sol";
import {IPurses} from "./IPurses.sol";
import {ISettlement} from "./ISettlement.sol";

/// Everything that one address answers: `Escrow` itself purses and settlement, the rest by way of `Registry`.
interface IEscrow is IAreas, ISeats, IMeters, IPurses, ISettlement {
    /// EIP-5267: what everybody signs for.
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
        );
}
