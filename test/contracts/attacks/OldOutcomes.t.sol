// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {Batch} from "../../../contracts/src/ISettlement.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";

/// What one batch in several parts owes a seat must not be taken for what another one does.
contract OldOutcomesTest is Street {
    Home internal seller;
    Home internal buyer;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        seller = _ready(1, 0);
        buyer = _ready(2, 10_000_000);
        vm.warp(END);
    }

    function _begin(Batch memory batch, bytes[] memory parts, uint16 count) private {
        batch = _inParts(batch, parts);
        for (uint16 i = 0; i < count; ++i) {
            batch.part = i;
            _settle(batch, parts[i]);
        }
    }

    /// Two purchases of one batch in two parts: giving up returns both.
    function test_two_debits_of_a_batch_come_back_together() public {
        Trade memory noon = _buy(1000, 1100);
        noon.lag = 40;
        bytes[] memory parts = new bytes[](3);
        parts[0] = _entry(buyer, END, noon);
        parts[1] = _entryFrom(buyer, 1, 1_001_000, 2_000_000, END, _buy(2000, 1100));
        parts[2] = _entry(seller, END, _sell(3000, 1000));
        _begin(_batch(START, END), parts, 2);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 3_300_000);
        vm.prank(operator);
        escrow.abandonBatch(area);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN);
    }

    function test_a_credit_stays_whatever_becomes_of_the_next_batch() public {
        bytes[] memory parts = _two(_entry(seller, END, _sell(1000, 1000)), _entry(buyer, END, _buy(1000, 1000)));
        _begin(_batch(START, END), parts, 2);
        vm.assertEq(escrow.balanceOf(seller.seat), 1_000_000);
        vm.warp(END + DAY);
        parts = _two(_entry(seller, END + DAY, _sell(7, 1000)), _entry(buyer, END + DAY, _buy(7, 1000)));
        _begin(_batch(END, END + DAY), parts, 1);
        vm.assertEq(escrow.balanceOf(seller.seat), 1_000_000);
        vm.prank(operator);
        escrow.abandonBatch(area);
        vm.assertEq(escrow.balanceOf(seller.seat), 1_000_000);
    }

    function test_each_batch_has_its_own_time_to_end() public {
        bytes[] memory parts = _two(_entry(seller, END, _sell(7, 1000)), _entry(buyer, END, _buy(7, 1000)));
        _begin(_batch(START, END), parts, 1);
        vm.assertEq(escrow.openBatchOf(area).abandonableAt, END + DELAY / 2);
        vm.prank(operator);
        escrow.abandonBatch(area);
        vm.warp(END + DAY);
        parts = _two(_entry(buyer, END, _buy(7, 1000)), "");
        _begin(_batch(START, END), parts, 1);
        vm.assertEq(escrow.openBatchOf(area).abandonableAt, END + DAY + DELAY / 2);
    }

    /// A seat whose meter is silent keeps no change that all settled batches are past.
    function test_a_silent_seat_goes_on_changing_its_mandate() public {
        for (uint32 i = 0; i < 6; ++i) {
            Mandate memory next = _mandate(seller);
            next.version = i + 2;
            _change(seller, next);
            vm.warp(END + (i + 1) * DAY);
            _settle(_batch(END + i * DAY, END + (i + 1) * DAY), "");
        }
        vm.assertEq(escrow.seatView(seller.seat).version, 7);
    }
}
