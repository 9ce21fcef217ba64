// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Reading, IMeters, Confirmation} from "../../../contracts/src/IMeters.sol";

/// A meter that signs two values for one boundary loses its seat's trading; nobody else can take it away.
contract EquivocationTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
        vm.warp(START + 10);
    }

    function _report(Reading memory first, Reading memory second) private {
        bytes memory a = _sign(home.meterKey, hashes.hash(first));
        bytes memory b = _sign(home.meterKey, hashes.hash(second));
        escrow.reportEquivocation(first, a, second, b);
    }

    function test_two_values_for_one_boundary_suspend_from_the_next_one() public {
        vm.expectEmit();
        emit IMeters.MeterSuspended(home.seat, START + INTERVAL);
        _report(_reading(home, START, 0, 1), _reading(home, START, 0, 2));
    }

    function test_a_batch_of_past_intervals_stays_valid_after_the_report() public {
        Home memory buyer = _ready(2, 10_000_000);
        vm.warp(START + INTERVAL);
        bytes memory entries = abi.encodePacked(
            _entry(home, START + INTERVAL, _sell(10, 1000)), _entry(buyer, START + INTERVAL, _buy(10, 1000))
        );
        _report(_reading(home, START + INTERVAL, 0, 10), _reading(home, START + INTERVAL, 0, 11));
        _settle(_batch(START, START + INTERVAL), entries);
    }

    function test_the_same_or_unrelated_readings_prove_nothing() public {
        Reading memory first = _reading(home, START, 0, 1);
        Reading[4] memory others = [_reading(home, START, 0, 1), _reading(home, START - INTERVAL, 0, 2), first, first];
        others[2] = _reading(home, START, 0, 2);
        others[2].epoch = 2;
        others[3] = _reading(home, START, 0, 2);
        others[3].meter = address(1);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(IMeters.NotEquivocation.selector);
            escrow.reportEquivocation(first, "", others[i], "");
            vm.expectRevert(IMeters.NotEquivocation.selector);
            escrow.reportEquivocation(others[i], "", i == 3 ? others[3] : first, "");
        }
    }

    function test_both_must_be_signed_by_the_meter() public {
        Reading memory first = _reading(home, START, 0, 1);
        Reading memory second = _reading(home, START, 0, 2);
        bytes memory good = _sign(home.meterKey, hashes.hash(first));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.reportEquivocation(first, good, second, good);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.reportEquivocation(second, good, first, good);
    }

    function test_old_evidence_does_not_suspend_again() public {
        Reading memory first = _reading(home, START, 0, 1);
        Reading memory second = _reading(home, START, 0, 2);
        _report(first, second);
        vm.warp(START + DAY);
        _confirm(home, 10_000, START + DAY);
        vm.expectRevert(IMeters.NotEquivocation.selector);
        escrow.reportEquivocation(first, "", second, "");
        // What the meter signs afterwards counts again.
        _report(_reading(home, START + DAY, 0, 1), _reading(home, START + DAY, 0, 2));
    }

    /// Readings of the boundary at which the suspension begins belong to the time before it.
    function test_evidence_about_the_suspensions_own_boundary_is_dealt_with() public {
        _report(_reading(home, START, 0, 1), _reading(home, START, 0, 2));
        vm.warp(START + INTERVAL);
        Reading memory first = _reading(home, START + INTERVAL, 0, 1);
        Reading memory second = _reading(home, START + INTERVAL, 0, 2);
        vm.expectRevert(IMeters.NotEquivocation.selector);
        escrow.reportEquivocation(first, "", second, "");
        vm.warp(START + 2 * INTERVAL);
        _report(_reading(home, START + 2 * INTERVAL, 0, 1), _reading(home, START + 2 * INTERVAL, 0, 2));
    }

    /// One of the two says that the energy may be sold, the other that it may not.
    function test_two_qualities_of_one_value_are_a_contradiction() public {
        Reading memory first = _reading(home, START, 0, 1);
        Reading memory second = _reading(home, START, 0, 1);
        second.quality = 1;
        _report(first, second);
        vm.assertEq(escrow.meterView(home.meter).bars, 1);
    }

    /// Otherwise evidence of a distant boundary would suspend the meter again after every confirmation.
    function test_evidence_about_the_future_waits_for_it() public {
        Reading memory first = _reading(home, START + DAY, 0, 1);
        Reading memory second = _reading(home, START + DAY, 0, 2);
        bytes memory a = _sign(home.meterKey, hashes.hash(first));
        bytes memory b = _sign(home.meterKey, hashes.hash(second));
        vm.warp(START + DAY - 1);
        vm.expectRevert(IMeters.NotEquivocation.selector);
        escrow.reportEquivocation(first, a, second, b);
        vm.warp(START + DAY);
        escrow.reportEquivocation(first, a, second, b);
    }

    function test_a_confirmation_from_before_does_not_lift_the_suspension() public {
        _report(_reading(home, START, 0, 1), _reading(home, START, 0, 2));
        Confirmation memory early = _confirmation(home, 10_000, START);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IMeters.StillBarred.selector, START + INTERVAL));
        escrow.confirmMeter(early, "");
    }

    function test_a_meter_that_nobody_knows_is_not_reported() public {
        Home memory stranger = _home(9);
        Reading memory first = _reading(stranger, START, 0, 1);
        Reading memory second = _reading(stranger, START, 0, 2);
        bytes memory a = _sign(stranger.meterKey, hashes.hash(first));
        bytes memory b = _sign(stranger.meterKey, hashes.hash(second));
        vm.expectRevert(IMeters.NotEquivocation.selector);
        escrow.reportEquivocation(first, a, second, b);
    }
}
