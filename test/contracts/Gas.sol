// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";

/// Keeps what calls cost as transactions of their own, calldata and base cost included. The numbers beside these tests, in
/// `gas/`, change knowingly only: `npm run bench:gas` writes and prints them.
abstract contract Gas is Street {
    /// What the last call cost, under this name.
    function _keep(string memory name) internal returns (uint256 gas) {
        gas = vm.lastCallGas().gasTotalUsed;
        _keep(name, gas);
    }

    function _keep(string memory name, uint256 gas) internal {
        vm.snapshotValue("gas", name, gas);
    }
}
