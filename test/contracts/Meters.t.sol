// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {AreaRules} from "../../contracts/src/IAreas.sol";
import {Mandate, EpochStart} from "../../contracts/src/ISeats.sol";
import {IMeters, Confirmation} from "../../contracts/src/IMeters.sol";
import {Batch, ISettlement} from "../../contracts/src/ISettlement.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";

/// Meters: confirming, revoking, new epochs, and what belongs to the meter rather than to a seat.
contract MetersTest is Street {
    Home internal home;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function test_a_confirmation_counts_once() public {
        Confirmation memory confirmation = _confirmation(home, 77, START);
        bytes memory signature = _sign(GRID_KEY, hashes.hash(confirmation));
        vm.expectEmit();
        emit IMeters.MeterInstructed(area, home.meter, 2);
        vm.expectEmit();
        emit IMeters.MeterConfirmed(home.seat, "zone", 77, 0, START + INTERVAL);
        escrow.confirmMeter(confirmation, signature);
        vm.expectRevert(abi.encodeWithSelector(ICommon.OldVersion.selector, 2));
        escrow.confirmMeter(confirmation, signature);
        confirmation.grade = 1;
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, grid));
        escrow.confirmMeter(confirmation, signature);
        (confirmation.grade, confirmation.deadline) = (0, START - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, START - 1));
        escrow.confirmMeter(confirmation, signature);
    }

    function test_a_revocation_stops_both_sides_until_a_later_confirmation() public {
        bytes memory signature = _sign(GRID_KEY, TypedData.hashRevoke(home.seat, START, 2, NO_DEADLINE));
        vm.expectEmit();
        emit IMeters.MeterInstructed(area, home.meter, 2);
        vm.expectEmit();
        emit IMeters.MeterRevoked(home.seat, START + INTERVAL);
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, signature);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, grid));
        escrow.revokeMeter(home.seat, START, 3, NO_DEADLINE, signature);
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, START - 1));
        escrow.revokeMeter(home.seat, START, 3, START - 1, signature);
        Confirmation memory early = _confirmation(home, 77, START + INTERVAL);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IMeters.StillBarred.selector, START + INTERVAL));
        escrow.confirmMeter(early, "");
        _revoke(home, START);
        vm.warp(START + 2 * INTERVAL);
        _settle(_batch(START, START + INTERVAL), _entry(home, START + INTERVAL, Trade(0, 0, 0, 0, 0, 0, 0)));
        Trade memory bought = _buy(10, 1000);
        bytes memory entry = _entry(home, START + 2 * INTERVAL, bought);
        _expectSettleRevert(
            _batch(START + INTERVAL, START + 2 * INTERVAL),
            entry,
            abi.encodeWithSelector(ISettlement.BeyondLimit.selector, home.seat)
        );
        _confirm(home, 50, START + INTERVAL + 1);
        vm.assertEq(escrow.seatView(home.seat).standing.barred ? 1 : 0, 1);
        _settle(
            _batch(START + INTERVAL, START + 2 * INTERVAL),
            _entry(home, START + 2 * INTERVAL, Trade(0, 0, 0, 0, 0, 0, 0))
        );
        vm.warp(START + 3 * INTERVAL);
        _settle(
            _batch(START + 2 * INTERVAL, START + 3 * INTERVAL),
            _entry(home, START + 3 * INTERVAL, Trade(0, 0, 0, 0, 0, 0, 0))
        );
        vm.warp(START + 4 * INTERVAL);
        _settle(
            _batch(START + 3 * INTERVAL, START + 4 * INTERVAL),
            _entry(home, START + 4 * INTERVAL, Trade(0, 0, 0, 0, 0, 0, 0))
        );
        vm.assertEq(escrow.seatView(home.seat).maxSellWh, 50);
    }

    function test_without_confirmation_in_the_rules_the_mandate_alone_limits() public {
        vm.warp(START - INTERVAL + 10);
        AreaRules memory open = _rules(2);
        open.confirmation = 0;
        open = _openArea(open);
        Home memory free = _home(5);
        Mandate memory mandate = _mandate(free);
        mandate.rules = hashes.hash(open);
        free.seat = _open(free, mandate, START, _epoch(free));
        vm.warp(START + DAY);
        Batch memory batch = _batch(START, END);
        batch.area = open.area;
        _settle(batch, _entry(free, END, Trade(0, 0, 0, 0, 0, 0, 0)));
        vm.assertEq(escrow.seatView(free.seat).maxSellWh, 10_000);
    }

    function test_a_new_epoch_needs_everyone() public {
        vm.warp(END);
        EpochStart memory next = _epoch(home, 2, START + INTERVAL, 3, 4);
        bytes32 structHash = hashes.hash(next);
        bytes memory byMeter = _sign(home.meterKey, structHash);
        bytes memory byAccount = _sign(home.accountKey, structHash);
        bytes memory byGrid = _sign(GRID_KEY, structHash);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotOperator.selector, address(this)));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.startEpoch(home.seat, next, byAccount, byAccount, byGrid);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.startEpoch(home.seat, next, byMeter, byMeter, byGrid);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, grid));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, "");
        next.meter = address(1);
        vm.expectRevert(ICommon.WrongParty.selector);
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 1, START + INTERVAL, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadEpoch.selector, 1));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 2, START - INTERVAL, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadEpoch.selector, 2));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 2, START + 1, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotABoundary.selector, START + 1));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 2, START + INTERVAL, 3, 4);
        vm.expectEmit();
        emit IMeters.EpochStarted(home.seat, 2, START + INTERVAL, 3, 4);
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        vm.assertEq(escrow.balanceOf(home.seat), TEN);
        vm.assertEq(escrow.seatView(home.seat).exportWh, 4);
        // The next one may begin at the very base.
        next = _epoch(home, 3, START + INTERVAL, 5, 6);
        structHash = hashes.hash(next);
        byMeter = _sign(home.meterKey, structHash);
        byAccount = _sign(home.accountKey, structHash);
        byGrid = _sign(GRID_KEY, structHash);
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        vm.stopPrank();
        vm.assertEq(escrow.seatView(home.seat).epoch, 3);
    }

    /// The rules name the grade that settles; a meter of another one may be watched, and trades nothing.
    function test_a_meter_of_another_grade_trades_nothing() public {
        Home memory seller = _ready(2, 0);
        Confirmation memory confirmation = _confirmation(seller, 10_000, 0);
        confirmation.grade = 1;
        vm.prank(grid);
        escrow.confirmMeter(confirmation, "");
        vm.warp(START + DAY);
        Trade memory early = Trade(95, 0, 0, 0, 0, 0, 0);
        bytes memory entries = abi.encodePacked(
            _entry(seller, START + DAY, early),
            _entryFrom(seller, 1, 1_000_000, 2_000_000, START + DAY, _sell(10, 1000))
        );
        _expectSettleRevert(
            _batch(START, START + DAY), entries, abi.encodeWithSelector(ISettlement.BeyondLimit.selector, seller.seat)
        );
    }
}
