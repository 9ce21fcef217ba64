// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Watchers} from "./IAreas.sol";

/// The list of watchers, which an area keeps as a hash and whoever needs it brings along.
library WatcherList {
    /// Places in the word that counts refusals.
    uint256 private constant MOST = 64;

    /// Whether these are the watchers behind `hash`, each once, and enough for their quorum.
    function isProper(bytes32 hash, Watchers calldata watchers) internal pure returns (bool) {
        uint256 count = watchers.keys.length;
        if (!isOf(hash, watchers) || count == 0 || count > MOST || watchers.quorum == 0 || watchers.quorum > count) {
            return false;
        }
        address last = address(0);
        for (uint256 i = 0; i < count; ++i) {
            if (watchers.keys[i] <= last) return false;
            last = watchers.keys[i];
        }
        return true;
    }

    function isOf(bytes32 hash, Watchers calldata watchers) internal pure returns (bool) {
        return keccak256(abi.encodePacked(uint256(watchers.quorum), watchers.keys)) == hash;
    }
}
