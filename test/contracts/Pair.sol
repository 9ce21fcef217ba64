// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";

/// A buyer (seat 1) and a seller (seat 2) at the end of their first day.
abstract contract Pair is Street {
    Home internal buyer;
    Home internal seller;
    uint32 internal constant END = START + DAY;

    function setUp() public virtual override {
        super.setUp();
        buyer = _ready(2, 10_000_000);
        seller = _ready(1, 0);
        vm.warp(END);
    }

    function _pair(Trade memory bought, Trade memory sold) internal view returns (bytes memory) {
        return abi.encodePacked(_entry(buyer, END, bought), _entry(seller, END, sold));
    }

    function _refuse(Trade memory bought, Trade memory sold, bytes4 reason, Home storage home) internal {
        _expectSettleRevert(_batch(START, END), _pair(bought, sold), abi.encodeWithSelector(reason, home.seat));
    }
}
