// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";

/// A week of quarter-hours in one batch, and a meter that is silent after its first one: the area goes on.
contract LongBatchesTest is Street {
    uint32 internal constant WEEK = 7 * DAY;

    function setUp() public override {
        super.setUp();
        escrow = _deploy(address(token), 10 * DAY);
        AreaRules memory weekly = _rules(1);
        weekly.batchSeconds = WEEK;
        rules = _openArea(weekly);
        (rulesHash, area) = (hashes.hash(rules), rules.area);
    }

    function test_an_entry_reaches_back_over_a_whole_week() public {
        Home memory seller = _ready(1, 0);
        Home memory buyer = _ready(2, 10_000_000);
        uint32 end = START + WEEK;
        Trade memory sold = _sell(10, 1000);
        Trade memory bought = _buy(10, 1000);
        (sold.lag, bought.lag) = (671, 671);
        vm.warp(end);
        _settle(_batch(START, end), abi.encodePacked(_entry(seller, end, sold), _entry(buyer, end, bought)));
        vm.assertEq(escrow.balanceOf(seller.seat), 10_000);
        vm.assertEq(escrow.seatView(seller.seat).time, START + INTERVAL);
        // And a base that is moved to the batch's own start.
        vm.warp(end + WEEK);
        Trade memory still = Trade(672, 0, 0, 0, 0, 0, 0);
        _settle(_batch(end, end + WEEK), _entry(seller, end + WEEK, still));
        vm.assertEq(escrow.seatView(seller.seat).time, end);
    }
}
