// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Confirmation} from "../../../contracts/src/IMeters.sol";
import {Street} from "../Street.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";
import {Withdrawal, WithdrawalView, IPurses} from "../../../contracts/src/IPurses.sol";
import {Batch, ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A second too early, a second too late.
contract DeadlinesTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function test_a_claim_waits_for_the_delay_and_pays_once() public {
        _request(home, 25, address(7));
        WithdrawalView memory view_ = escrow.withdrawalOf(home.seat);
        vm.assertEq(view_.claimableAt, block.timestamp + DELAY);
        vm.warp(view_.claimableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, view_.claimableAt));
        escrow.claim(home.seat);
        vm.warp(view_.claimableAt);
        // 25 units are two and a half base units: two are paid, the rest stays.
        vm.expectEmit();
        emit IPurses.WithdrawalClaimed(home.seat, 20, address(7), 2);
        escrow.claim(home.seat);
        vm.assertEq(escrow.balanceOf(home.seat), TEN - 20);
        vm.expectRevert(abi.encodeWithSelector(IPurses.NothingRequested.selector, home.seat));
        escrow.claim(home.seat);
    }

    /// The largest number of 32 bits means "for good", so no boundary is ever there.
    function test_the_last_second_of_the_clock_is_no_boundary() public {
        AreaRules memory quick = _rules(2);
        (quick.intervalSeconds, quick.batchSeconds) = (15, 150);
        quick = _openArea(quick);
        (rules, rulesHash, area) = (quick, hashes.hash(quick), quick.area);
        Home memory other = _home(2);
        other.seat = _open(other, _mandate(other), START, _epoch(other));
        vm.warp(type(uint32).max - 15);
        vm.prank(other.account);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotABoundary.selector, 0));
        escrow.closeSeat(other.seat, 2, type(uint32).max, "");
        vm.warp(type(uint32).max - 16);
        vm.prank(other.account);
        escrow.closeSeat(other.seat, 2, type(uint32).max, "");
        vm.assertEq(escrow.seatView(other.seat).closedFrom, type(uint32).max - 15);
    }

    function test_a_batch_settles_from_its_end_on() public {
        vm.warp(START + DAY - 1);
        _expectSettleRevert(
            _batch(START, START + DAY),
            "",
            abi.encodeWithSelector(ISettlement.BadBatchTimes.selector, START, START + DAY)
        );
        vm.warp(START + DAY);
        _settle(_batch(START, START + DAY), "");
    }

    function test_an_open_batch_is_anybodys_to_give_up_after_half_the_delay() public {
        vm.warp(START + DAY);
        Batch memory batch = _inParts(_batch(START, START + DAY), _two("", ""));
        _settle(batch, "");
        uint32 free = START + DAY + DELAY / 2;
        vm.warp(free - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, free));
        escrow.abandonBatch(area);
        vm.warp(free);
        escrow.abandonBatch(area);
    }

    function test_a_signature_counts_up_to_its_deadline() public {
        uint32 deadline = uint32(block.timestamp) + 60;
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, deadline);
        Mandate memory next = _mandate(home);
        (next.version, next.deadline) = (2, deadline);
        bytes[5] memory calls = [
            abi.encodeCall(escrow.requestWithdrawal, (withdrawal, "")),
            abi.encodeCall(escrow.changeMandate, (home.seat, next, "")),
            abi.encodeCall(escrow.closeSeat, (home.seat, 3, deadline, "")),
            abi.encodeCall(escrow.confirmMeter, (Confirmation(home.seat, "zone", 70, 0, 0, 0, 2, deadline), "")),
            abi.encodeCall(escrow.revokeMeter, (home.seat, 0, 3, deadline, ""))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            address sender = i < 3 ? home.account : grid;
            vm.warp(deadline + 1);
            vm.prank(sender);
            (bool done, bytes memory answer) = address(escrow).call(calls[i]);
            vm.assertFalse(done);
            vm.assertEq(answer, abi.encodeWithSelector(ICommon.DeadlinePassed.selector, deadline));
            vm.warp(deadline);
            vm.prank(sender);
            (done,) = address(escrow).call(calls[i]);
            vm.assertTrue(done);
        }
    }
}
