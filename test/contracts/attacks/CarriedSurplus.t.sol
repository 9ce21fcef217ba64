// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// Surplus that found no buyer yesterday is offered again today.
contract CarriedSurplusTest is Pair {
    function test_unsold_surplus_is_not_carried_over() public {
        vm.warp(END + DAY);
        // The seat had 9 kWh to sell on the first day and nobody settled it.
        _settle(_batch(START, END), "");
        bytes memory bought = abi.encodePacked(
            _entry(buyer, END + DAY, Trade(96, 0, 0, 0, 0, 0, 0)),
            _entryFrom(buyer, 1, 1_000_000, 2_000_000, END + DAY, _buy(9000, 1000))
        );
        bytes memory carried = abi.encodePacked(_entry(seller, END + DAY, _sell(9000, 1000)), bought);
        _expectSettleRevert(
            _batch(END, END + DAY),
            carried,
            abi.encodeWithSelector(ISettlement.BaseBeforeBatch.selector, seller.seat, START)
        );
        // An entry without energy moves the base up to the batch; what was exported before is gone.
        bytes memory honest = abi.encodePacked(
            _entry(seller, END + DAY, Trade(96, 9000, 0, 0, 0, 0, 0)),
            _entryFrom(seller, 1, 1_000_000, 2_009_000, END + DAY, Trade(0, 0, 0, 9000, 0, 0, 9_000_000)),
            bought
        );
        _expectSettleRevert(
            _batch(END, END + DAY), honest, abi.encodeWithSelector(ISettlement.BeyondRegister.selector, seller.seat)
        );
    }
}
