// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {Batch, ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A seat owes more than it has: it is refused by name, nobody pays for it, and nothing of its batch stays.
contract InsolventBuyerTest is Pair {
    function test_refuses_a_seat_that_cannot_pay() public {
        // 10 tokens buy 25 kWh at 4000 ticks, and not one Wh more.
        _refuse(_buy(25_001, 4000), _sell(25_001, 4000), ISettlement.Insolvent.selector, buyer);
        _settle(_batch(START, END), _pair(_buy(25_000, 4000), _sell(25_000, 4000)));
        vm.assertEq(escrow.balanceOf(buyer.seat), 0);
    }

    function test_a_buyer_that_took_its_money_out_is_refused_by_name() public {
        _request(buyer, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        escrow.claim(buyer.seat);
        _refuse(_buy(1, 1000), _sell(1, 1000), ISettlement.Insolvent.selector, buyer);
        vm.assertEq(escrow.balanceOf(seller.seat), 0);
        vm.assertEq(escrow.seatView(seller.seat).time, START);
        vm.assertEq(escrow.settledUntil(area), 0);
    }

    /// In a batch of several parts a credit that has not come yet pays for nothing.
    function test_a_credit_of_an_open_batch_pays_for_nothing() public {
        Trade memory morning = _sell(10, 1000);
        morning.lag = 48;
        bytes memory selling = _entry(seller, END, morning);
        bytes memory buying = _entryFrom(seller, 1, 1_000_000, 2_000_010, END, _buy(1, 1000));
        Batch memory batch = _inParts(_batch(START, END), _two(selling, buying));
        _settle(batch, selling);
        batch.part = 1;
        _expectSettleRevert(batch, buying, abi.encodeWithSelector(ISettlement.Insolvent.selector, seller.seat));
    }
}
