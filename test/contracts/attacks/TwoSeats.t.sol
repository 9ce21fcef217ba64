// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {Mandate, ISeats} from "../../../contracts/src/ISeats.sol";
import {IMeters, Reading} from "../../../contracts/src/IMeters.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A meter that moves is in two seats for a while. What is said against it must hold in both, whichever one it is said of.
contract TwoSeatsTest is Street {
    /// The meter leaves an area of hours for one of quarter-hours, at LATER.
    Home internal home;
    Home internal heir;
    AreaRules internal hourly;
    uint32 internal constant HOUR = 3600;
    uint32 internal constant LATER = START + 30 * DAY;

    function setUp() public override {
        super.setUp();
        AreaRules memory quarterly = rules;
        AreaRules memory slow = _rules(2);
        slow.intervalSeconds = HOUR;
        hourly = _openArea(slow);
        _use(hourly);
        vm.warp(START - INTERVAL + 10);
        Home memory first = _home(1);
        _open(first);
        home = first;
        _confirm(home, 10_000, START);
        _use(quarterly);
        vm.warp(START + 10);
        heir = _heir(2, LATER, START + 1);
    }

    function _use(AreaRules memory next) private {
        (rules, rulesHash, area) = (next, hashes.hash(next), next.area);
    }

    /// Another account takes the meter.
    function _heir(uint256 number, uint32 validFrom, uint32 consentFrom) private returns (Home memory next) {
        next = _home(number);
        (next.meterKey, next.meter) = (_home(1).meterKey, _home(1).meter);
        Mandate memory mandate = _mandate(next);
        mandate.validFrom = validFrom;
        next.seat = _open(next, mandate, consentFrom, _epoch(next));
    }

    function _expectBars(uint32 quarter, uint32 hour) private {
        vm.expectEmit();
        emit IMeters.MeterRevoked(heir.seat, quarter);
        vm.expectEmit();
        emit IMeters.MeterRevoked(home.seat, hour);
    }

    function test_a_revocation_reaches_the_seat_that_the_meter_leaves() public {
        _expectBars(START + INTERVAL, START + HOUR);
        _revoke(heir, 0);
        _use(hourly);
        vm.warp(START + DAY);
        bytes memory entries =
            abi.encodePacked(_hourlyEntry(HOUR, Trade(23, 0, 0, 0, 0, 0, 0)), _hourlyEntry(DAY, _buy(10, 1000)));
        _expectSettleRevert(
            _batch(START, START + DAY), entries, abi.encodeWithSelector(ISettlement.BeyondLimit.selector, home.seat)
        );
    }

    function _hourlyEntry(uint32 time, Trade memory trade) private view returns (bytes memory) {
        Reading memory reading =
            Reading(home.meter, 1, START + time, 1_000_000 + trade.importDelta, 2_000_000 + trade.exportDelta, 0);
        (bytes32 r, bytes32 vs) = _compact(home.meterKey, _digest(hashes.hash(reading)));
        return abi.encodePacked(_word(home.seat, trade), r, vs);
    }

    function test_the_former_areas_grid_operator_reaches_the_next_seat() public {
        _expectBars(START + INTERVAL, START + HOUR);
        _revoke(home, 0);
        vm.assertEq(escrow.meterView(home.meter).bars, 1);
    }

    /// It has a say until the meter leaves. A bar of later would keep the next area's grid operator from confirming until then.
    function test_the_former_areas_grid_operator_bars_nothing_after_the_move() public {
        vm.startPrank(grid);
        for (uint32 from = LATER; from <= LATER + 300 * DAY; from += 300 * DAY) {
            vm.expectRevert(abi.encodeWithSelector(IMeters.MeterGone.selector, home.seat));
            escrow.revokeMeter(home.seat, from, 2, NO_DEADLINE, "");
        }
        vm.stopPrank();
        _expectBars(LATER, LATER);
        _revoke(home, LATER - 1);
        vm.warp(LATER);
        _confirm(heir, 10_000, LATER + 1);
    }

    function test_after_the_move_only_the_next_seat_is_left_to_bar() public {
        vm.warp(LATER);
        vm.expectRevert(abi.encodeWithSelector(IMeters.MeterGone.selector, home.seat));
        vm.prank(grid);
        escrow.revokeMeter(home.seat, 0, 2, NO_DEADLINE, "");
        vm.recordLogs();
        _revoke(heir, 0);
        vm.assertEq(vm.getRecordedLogs().length, 3);
    }

    /// What was signed up to the later of both suspensions has been dealt with.
    function test_a_contradiction_suspends_both_and_is_proved_until_the_later_one() public {
        vm.warp(START + INTERVAL + 10);
        Reading memory first = Reading(home.meter, 1, START + INTERVAL, 1_000_001, 2_000_000, 0);
        Reading memory second = Reading(home.meter, 1, START + INTERVAL, 1_000_002, 2_000_000, 0);
        bytes memory signature = _sign(home.meterKey, hashes.hash(first));
        bytes memory other = _sign(home.meterKey, hashes.hash(second));
        vm.expectEmit();
        emit IMeters.MeterSuspended(heir.seat, START + 2 * INTERVAL);
        vm.expectEmit();
        emit IMeters.MeterSuspended(home.seat, START + HOUR);
        escrow.reportEquivocation(first, signature, second, other);
        vm.assertEq(escrow.meterView(home.meter).provedUntil, START + HOUR);
    }

    function test_a_mandate_is_changed_before_its_seat_begins_and_begins_with_it() public {
        Mandate memory next = _mandate(heir);
        (next.version, next.validFrom) = (2, START + DAY);
        vm.expectEmit();
        emit ISeats.MandateChanged(heir.seat, next, LATER);
        _change(heir, next);
        (next.version, next.validFrom) = (3, LATER + DAY);
        vm.expectEmit();
        emit ISeats.MandateChanged(heir.seat, next, LATER + DAY);
        _change(heir, next);
    }

    /// A first seat that has not begun gives way, and nothing keeps the next one waiting.
    function test_a_plan_for_a_first_seat_gives_way_at_once() public {
        Home memory planned = _home(5);
        Mandate memory mandate = _mandate(planned);
        mandate.validFrom = LATER;
        planned.seat = _open(planned, mandate, START + 1, _epoch(planned));
        Home memory other = _home(6);
        (other.meterKey, other.meter) = (planned.meterKey, planned.meter);
        other.seat = _open(other, _mandate(other), START + 2, _epoch(other));
        vm.assertEq(escrow.meterView(planned.meter).begins, START + INTERVAL);
        vm.assertEq(escrow.meterView(planned.meter).former, 0);
        vm.assertEq(escrow.seatView(planned.seat).closedFrom, START + INTERVAL);
    }
}
