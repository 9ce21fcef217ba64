// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {Mandate, ISeats} from "../../../contracts/src/ISeats.sol";

/// A move that begins later, relayed by whoever likes: it must not end today's trading.
contract EarlyMovesTest is Street {
    Home internal home;
    Home internal heir;
    uint32 internal constant LATER = START + 30 * DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 0);
        vm.warp(START + 10);
        heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        Mandate memory moved = _mandate(heir);
        moved.validFrom = LATER;
        vm.expectEmit();
        emit ISeats.SeatClosed(home.seat, LATER, 1);
        heir.seat = _open(heir, moved, START + 1, _epoch(heir));
    }

    function test_the_former_seat_trades_until_the_next_one_begins() public {
        vm.assertEq(escrow.seatView(home.seat).closedFrom, LATER);
        vm.assertEq(escrow.meterView(home.meter).former, home.seat);
        vm.assertEq(escrow.meterView(home.meter).freeFrom, LATER);
        Home memory buyer = _ready(3, 10_000_000);
        vm.warp(START + DAY);
        _settle(
            _batch(START, START + DAY),
            abi.encodePacked(_entry(home, START + DAY, _sell(10, 1000)), _entry(buyer, START + DAY, _buy(10, 1000)))
        );
        vm.assertEq(escrow.balanceOf(home.seat), 10_000);
    }

    function test_the_former_seat_may_be_confirmed_and_changed_until_then() public {
        vm.warp(START + DAY);
        _confirm(home, 50, START + DAY);
        Mandate memory next = _mandate(home);
        next.version = 2;
        bytes memory signature = _sign(home.accountKey, hashes.hash(next));
        vm.expectEmit();
        emit ISeats.SeatClosed(home.seat, LATER, 2);
        escrow.changeMandate(home.seat, next, signature);
        vm.assertEq(escrow.seatView(home.seat).closedFrom, LATER);
        vm.warp(LATER);
        next.version = 3;
        signature = _sign(home.accountKey, hashes.hash(next));
        vm.expectRevert(abi.encodeWithSelector(ISeats.SeatIsClosed.selector, home.seat));
        escrow.changeMandate(home.seat, next, signature);
    }

    /// A move that has not begun gives way to the next one; the running seat goes on until that.
    function test_a_later_plan_replaces_one_that_has_not_begun() public {
        Home memory third = _home(4);
        (third.meterKey, third.meter) = (home.meterKey, home.meter);
        Mandate memory mandate = _mandate(third);
        mandate.validFrom = START + 10 * DAY;
        third.seat = _open(third, mandate, START + 2, _epoch(third));
        vm.assertEq(escrow.seatView(heir.seat).closedFrom, START + INTERVAL);
        vm.assertEq(escrow.seatView(home.seat).closedFrom, START + 10 * DAY);
        vm.assertEq(escrow.meterView(home.meter).seat, third.seat);
    }
}
