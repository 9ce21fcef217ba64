// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {EpochStart} from "../../../contracts/src/ISeats.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A seat opens with an old register, so that the energy since then looks new.
contract StaleBaseTest is Pair {
    function test_a_stale_base_at_opening_sells_nothing_old() public {
        vm.warp(START - INTERVAL + 10);
        Home memory late = _home(3);
        EpochStart memory old = _epoch(late);
        (old.time, old.exportWh) = (START - 365 * DAY, 0);
        late.seat = _open(late, _mandate(late), START, old);
        _confirm(late, 10_000, START);
        vm.warp(END);
        bytes memory entries =
            abi.encodePacked(_entry(buyer, END, _buy(9000, 1000)), _entry(late, END, _sell(9000, 1000)));
        _expectSettleRevert(
            _batch(START, END),
            entries,
            abi.encodeWithSelector(ISettlement.BaseBeforeBatch.selector, late.seat, old.time)
        );
    }

    function test_nothing_is_sold_before_the_mandate_begins() public {
        vm.warp(START + 10);
        Home memory late = _home(3);
        _open(late);
        _confirm(late, 10_000, 0);
        vm.warp(END);
        bytes memory entries = abi.encodePacked(_entry(buyer, END, _buy(9, 1000)), _entry(late, END, _sell(9, 1000)));
        _expectSettleRevert(
            _batch(START, END),
            entries,
            abi.encodeWithSelector(ISettlement.SpansChange.selector, late.seat, uint256(START + INTERVAL))
        );
    }
}
