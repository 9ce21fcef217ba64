// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {IEscrow, Batch, OpenBatchView} from "../../contracts/src/IEscrow.sol";

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

    function _part(uint16 part, uint16 parts) private pure returns (Batch memory batch) {
        batch = _batch(START, END);
        (batch.part, batch.parts) = (part, parts);
    }

    function test_debits_count_at_once_and_credits_with_the_last_part() public {
        _settle(_part(0, 2), selling);
        vm.assertEq(escrow.balanceOf(seller.seat), 0);
        vm.assertEq(escrow.settledUntil(1), 0);
        OpenBatchView memory open = escrow.openBatchOf(1);
        vm.assertEq(open.nextPart, 1);
        vm.assertEq(open.abandonableAt, END + DELAY / 2);
        _settle(_part(1, 2), buying);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_500_000);
        vm.assertEq(escrow.gridBalance(1), 500_000);
        vm.assertEq(escrow.settledUntil(1), END);
        open = escrow.openBatchOf(1);
        vm.assertEq(open.header, 0);
        vm.assertEq(uint256(open.nextPart) + open.abandonableAt, 0);
        _request(seller, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        escrow.claim(seller.seat);
        vm.assertEq(token.balanceOf(address(7)), 500_000);
    }

    function test_the_next_batch_finds_the_outcome() public {
        _settle(_part(0, 2), selling);
        _settle(_part(1, 2), buying);
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
        _settle(_part(0, 3), _entry(seller, END, noon));
        _settle(_part(1, 3), _entry(seller, END, _sell(2000, 1000)));
        _settle(_part(2, 3), buying);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
    }

    function test_an_abandoned_batch_gives_back_debits_and_credits_nothing() public {
        _settle(_part(0, 3), buying);
        _settle(_part(1, 3), selling);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_500_000);
        vm.warp(END + DELAY / 2 - 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.TooEarly.selector, END + DELAY / 2));
        escrow.abandonBatch(1);
        vm.warp(END + DELAY / 2);
        vm.expectEmit();
        emit IEscrow.BatchAbandoned(1, START, END);
        escrow.abandonBatch(1);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN);
        vm.assertEq(escrow.balanceOf(seller.seat), 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NoBatchOpen.selector, uint32(1)));
        escrow.abandonBatch(1);
    }

    function test_the_area_goes_on_after_an_abandoned_batch() public {
        _settle(_part(0, 2), buying);
        vm.prank(operator);
        escrow.abandonBatch(1);
        vm.warp(END + DAY);
        _settle(_part(0, 2), "");
        _settle(_part(1, 2), "");
        bytes memory entries = abi.encodePacked(
            _entry(seller, END + DAY, Trade(96, 0, 0, 0, 0, 0, 0)),
            _entry(seller, END + DAY, _sell(100, 1000)),
            _entry(buyer, END + DAY, _buy(100, 1000))
        );
        _settle(_batch(END, END + DAY), entries);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 100_000);
    }

    function test_parts_come_once_and_in_order() public {
        _expectSettleRevert(_part(1, 2), buying, abi.encodeWithSelector(IEscrow.WrongPart.selector, 0));
        _expectSettleRevert(_part(0, 0), buying, abi.encodeWithSelector(IEscrow.WrongPart.selector, 0));
        _expectSettleRevert(_part(1, 1), buying, abi.encodeWithSelector(IEscrow.WrongPart.selector, 0));
        _settle(_part(0, 3), buying);
        _expectSettleRevert(_part(0, 3), buying, abi.encodeWithSelector(IEscrow.WrongPart.selector, 1));
        _expectSettleRevert(_part(2, 3), selling, abi.encodeWithSelector(IEscrow.WrongPart.selector, 1));
    }

    function test_no_other_batch_while_one_is_open() public {
        _settle(_part(0, 2), buying);
        bytes32 header = escrow.openBatchOf(1).header;
        bytes memory refusal = abi.encodeWithSelector(IEscrow.OtherBatchOpen.selector, header);
        _expectSettleRevert(_part(0, 1), selling, refusal);
        _expectSettleRevert(_part(1, 3), selling, refusal);
        Batch memory other = _part(1, 2);
        other.statementRoot = keccak256("other");
        _expectSettleRevert(other, selling, refusal);
        other = _part(1, 2);
        other.bandHigh -= 1;
        _expectSettleRevert(other, selling, refusal);
    }

    function test_the_last_part_requires_balance() public {
        _settle(_part(0, 2), buying);
        _expectSettleRevert(_part(1, 2), "", abi.encodeWithSelector(IEscrow.EnergyNotBalanced.selector, 0, 5000));
    }

    function test_a_claim_during_an_open_batch_keeps_the_rest_requested() public {
        _request(buyer, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        _settle(_part(0, 2), buying);
        escrow.claim(buyer.seat);
        vm.assertEq(token.balanceOf(address(7)), 9_450_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), 0);
        vm.prank(operator);
        escrow.abandonBatch(1);
        escrow.claim(buyer.seat);
        vm.assertEq(token.balanceOf(address(7)), 10_000_000);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NothingRequested.selector, buyer.seat));
        escrow.claim(buyer.seat);
    }

    function test_a_claim_ends_the_request_of_a_seat_whose_base_was_only_moved() public {
        _request(buyer, type(uint128).max, address(7));
        vm.warp(END + DELAY);
        _settle(_part(0, 2), _entry(buyer, END, Trade(0, 0, 7, 0, 0, 0, 0)));
        escrow.claim(buyer.seat);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NothingRequested.selector, buyer.seat));
        escrow.claim(buyer.seat);
    }

    function test_a_deposit_during_an_open_batch_is_kept_apart() public {
        _settle(_part(0, 2), selling);
        _fund(seller, 1_000_000);
        vm.assertEq(escrow.balanceOf(seller.seat), 10_000_000);
        _settle(_part(1, 2), buying);
        vm.assertEq(escrow.balanceOf(seller.seat), 15_000_000);
    }
}
