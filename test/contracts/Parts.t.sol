// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {IPurses} from "../../contracts/src/IPurses.sol";
import {Batch, OpenBatchView, ISettlement} from "../../contracts/src/ISettlement.sol";

/// A batch in several parts counts as a whole or not at all.
contract PartsTest is Street {
    Home internal seller;
    Home internal buyer;
    uint32 internal constant END = START + DAY;
    bytes internal buying;
    bytes internal selling;

    function setUp() public override {
        super.setUp();
        seller = _ready(1, 0);
        buyer = _ready(2, 10_000_000);
        vm.warp(END);
        selling = _entry(seller, END, _sell(5000, 1000));
        buying = _entry(buyer, END, _buy(5000, 1100));
    }

    /// One part of a batch of these parts.
    function _part(uint16 part, bytes[] memory parts) private view returns (Batch memory batch) {
        batch = _inParts(_batch(START, END), parts);
        batch.part = part;
    }

    function _both(uint16 part) private view returns (Batch memory) {
        return _part(part, _two(selling, buying));
    }

    function _three(bytes memory first, bytes memory second, bytes memory third)
        private
        pure
        returns (bytes[] memory parts)
    {
        parts = new bytes[](3);
        (parts[0], parts[1], parts[2]) = (first, second, third);
    }

    /// The purchase first, and one part that never comes.
    function _unfinished(uint16 part) private view returns (Batch memory) {
        return _part(part, _three(buying, selling, ""));
    }

    function test_debits_count_at_once_and_credits_with_the_last_part() public {
        _settle(_both(0), selling);
        vm.assertEq(escrow.balanceOf(seller.seat), 0);
        vm.assertEq(escrow.settledUntil(area), 0);
        OpenBatchView memory open = escrow.openBatchOf(area);
        vm.assertEq(open.nextPart, 1);
        vm.assertEq(open.abandonableAt, END + DELAY / 2);
        _settle(_both(1), buying);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_500_000);
        vm.assertEq(escrow.gridBalance(area), 500_000);
        vm.assertEq(escrow.settledUntil(area), END);
        open = escrow.openBatchOf(area);
        vm.assertEq(open.header, 0);
        vm.assertEq(uint256(open.nextPart) + open.abandonableAt, 0);
        _request(seller, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        escrow.claim(seller.seat);
        vm.assertEq(token.balanceOf(address(7)), 500_000);
    }

    function test_the_next_batch_finds_the_outcome() public {
        _settle(_both(0), selling);
        _settle(_both(1), buying);
        vm.warp(END + DAY);
        bytes memory entries =
            abi.encodePacked(_entry(seller, END + DAY, _buy(100, 1000)), _entry(buyer, END + DAY, _sell(100, 1000)));
        _settle(_batch(END, END + DAY), entries);
        vm.assertEq(escrow.balanceOf(seller.seat), 4_900_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_400_000);
    }

    function test_several_entries_of_a_seat_add_up_across_parts() public {
        Trade memory noon = _sell(3000, 1000);
        noon.lag = 40;
        bytes memory morning = _entry(seller, END, noon);
        bytes memory evening = _entryFrom(seller, 1, 1_000_000, 2_003_000, END, _sell(2000, 1000));
        bytes[] memory parts = _three(morning, evening, buying);
        for (uint16 i = 0; i < 3; ++i) {
            _settle(_part(i, parts), parts[i]);
        }
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
    }

    function test_an_abandoned_batch_gives_back_debits_and_credits_nothing() public {
        _settle(_unfinished(0), buying);
        _settle(_unfinished(1), selling);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_500_000);
        vm.warp(END + DELAY / 2 - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, END + DELAY / 2));
        escrow.abandonBatch(area);
        vm.warp(END + DELAY / 2);
        vm.expectEmit();
        emit ISettlement.BatchAbandoned(area, START, END);
        escrow.abandonBatch(area);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN);
        vm.assertEq(escrow.balanceOf(seller.seat), 0);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NoBatchOpen.selector, area));
        escrow.abandonBatch(area);
    }

    function test_the_area_goes_on_after_an_abandoned_batch() public {
        _settle(_unfinished(0), buying);
        vm.prank(operator);
        escrow.abandonBatch(area);
        vm.warp(END + DAY);
        _settle(_part(0, _two("", "")), "");
        _settle(_part(1, _two("", "")), "");
        bytes memory entries = abi.encodePacked(
            _entry(seller, END + DAY, Trade(96, 0, 0, 0, 0, 0, 0)),
            _entry(seller, END + DAY, _sell(100, 1000)),
            _entry(buyer, END + DAY, _buy(100, 1000))
        );
        _settle(_batch(END, END + DAY), entries);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 100_000);
    }

    function test_parts_come_once_and_in_order() public {
        bytes memory first = abi.encodeWithSelector(ISettlement.WrongPart.selector, 0);
        _expectSettleRevert(_both(1), buying, first);
        Batch memory none = _both(0);
        none.parts = new bytes32[](0);
        vm.prank(operator);
        vm.expectRevert(first);
        escrow.settle(none, "", _unwatched());
        Batch memory second = _whole(_batch(START, END), buying);
        second.part = 1;
        _expectSettleRevert(second, buying, first);
        _settle(_unfinished(0), buying);
        bytes memory next = abi.encodeWithSelector(ISettlement.WrongPart.selector, 1);
        _expectSettleRevert(_unfinished(0), buying, next);
        _expectSettleRevert(_unfinished(2), "", next);
    }

    function test_no_other_batch_while_one_is_open() public {
        _settle(_unfinished(0), buying);
        bytes32 header = escrow.openBatchOf(area).header;
        bytes memory refusal = abi.encodeWithSelector(ISettlement.OtherBatchOpen.selector, header);
        _expectSettleRevert(_batch(START, END), selling, refusal);
        _expectSettleRevert(_part(1, _three(buying, selling, selling)), selling, refusal);
        for (uint256 i = 0; i < 6; ++i) {
            Batch memory other = _unfinished(1);
            if (i == 0) other.statementRoot = keccak256("other");
            if (i == 1) other.bandHigh -= 1;
            if (i == 2) other.bandLow += 1;
            if (i == 3) other.gridTake += 1;
            if (i == 4) other.start += INTERVAL;
            if (i == 5) other.end -= INTERVAL;
            _expectSettleRevert(other, selling, refusal);
        }
    }

    /// What a header binds, every part of it is: the operator has no second thoughts between parts.
    function test_a_part_holds_the_entries_that_the_header_binds() public {
        bytes memory other = _entry(buyer, END, _buy(5000, 1099));
        (bytes memory words,) = _wordsOf(other);
        bytes memory refusal = abi.encodeWithSelector(ISettlement.OtherEntries.selector, keccak256(words));
        _expectSettleRevert(_unfinished(0), other, refusal);
        _expectSettleRevert(_whole(_batch(START, END), buying), other, refusal);
    }

    function test_the_last_part_requires_balance_and_the_take_that_was_named() public {
        bytes[] memory parts = _two(buying, "");
        _settle(_part(0, parts), buying);
        _expectSettleRevert(
            _part(1, parts), "", abi.encodeWithSelector(ISettlement.EnergyNotBalanced.selector, 0, 5000)
        );
        vm.prank(operator);
        escrow.abandonBatch(area);
        seller = _ready(3, 0);
        buyer = _ready(4, 10_000_000);
        vm.warp(END);
        bytes memory both =
            abi.encodePacked(_entry(seller, END, _sell(5000, 1000)), _entry(buyer, END, _buy(5000, 1100)));
        Batch memory batch = _whole(_batch(START, END), both);
        batch.gridTake -= 1;
        _expectSettleRevert(batch, both, abi.encodeWithSelector(ISettlement.GridTakeOutOfRange.selector, 500_000));
    }

    function test_a_claim_during_an_open_batch_keeps_the_rest_requested() public {
        _request(buyer, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        _settle(_unfinished(0), buying);
        escrow.claim(buyer.seat);
        vm.assertEq(token.balanceOf(address(7)), 9_450_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), 0);
        vm.prank(operator);
        escrow.abandonBatch(area);
        escrow.claim(buyer.seat);
        vm.assertEq(token.balanceOf(address(7)), 10_000_000);
        vm.expectRevert(abi.encodeWithSelector(IPurses.NothingRequested.selector, buyer.seat));
        escrow.claim(buyer.seat);
    }

    function test_a_claim_ends_the_request_of_a_seat_whose_base_was_only_moved() public {
        _request(buyer, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        bytes memory moving = _entry(buyer, END, Trade(0, 0, 7, 0, 0, 0, 0));
        _settle(_part(0, _two(moving, "")), moving);
        escrow.claim(buyer.seat);
        vm.expectRevert(abi.encodeWithSelector(IPurses.NothingRequested.selector, buyer.seat));
        escrow.claim(buyer.seat);
    }

    function test_a_deposit_during_an_open_batch_is_kept_apart() public {
        _settle(_both(0), selling);
        _fund(seller, 1_000_000);
        vm.assertEq(escrow.balanceOf(seller.seat), 10_000_000);
        _settle(_both(1), buying);
        vm.assertEq(escrow.balanceOf(seller.seat), 15_000_000);
    }
}
