// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {Mandate, EpochStart, ISeats} from "../../../contracts/src/ISeats.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A meter moves to another seat, account or area. Its energy is sold in one place at a time.
contract SoldTwiceTest is Street {
    Home internal home;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function openWith(Home memory who, Mandate memory mandate, EpochStart memory epoch, uint256[3] memory keys)
        external
    {
        bytes memory accountSignature = _sign(keys[0], hashes.hash(mandate));
        bytes memory consent = _consent(who, keys[1], mandate.rules, START);
        epoch.rules = mandate.rules;
        bytes memory epochSignature = _sign(keys[2], hashes.hash(epoch));
        escrow.openSeat(mandate, accountSignature, _times(START), consent, epoch, epochSignature);
    }

    function test_a_meter_moves_with_a_later_consent_and_never_sells_twice() public {
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        uint256[3] memory keys = [heir.accountKey, heir.meterKey, heir.meterKey];
        Mandate memory inherited = _mandate(heir);
        vm.expectRevert(abi.encodeWithSelector(ISeats.OldConsent.selector, NO_DEADLINE));
        this.openWith(heir, inherited, _epoch(heir), keys);
        vm.warp(START + 10);
        vm.expectEmit();
        emit ISeats.SeatClosed(home.seat, START + INTERVAL, 1);
        heir.seat = _open(heir, _mandate(heir), START + 1, _epoch(heir));
        vm.assertEq(escrow.meterView(home.meter).seat, heir.seat);
        vm.assertEq(escrow.seatView(home.seat).closedFrom, START + INTERVAL);
        _confirm(heir, 10_000, 0);

        // Until the boundary the old seat sells, from there the new one, and neither sells across it.
        Home memory buyer = _ready(3, 10_000_000);
        vm.warp(END);
        bytes memory across = abi.encodePacked(_entry(home, END, _sell(10, 1000)), _entry(buyer, END, _buy(10, 1000)));
        _expectSettleRevert(
            _batch(START, END),
            across,
            abi.encodeWithSelector(ISettlement.SpansChange.selector, home.seat, uint256(START + INTERVAL))
        );
        Trade memory first = _sell(10, 1000);
        first.lag = 95;
        bytes memory entries = abi.encodePacked(
            _entry(home, END, first),
            _entry(heir, END, Trade(95, 10, 0, 0, 0, 0, 0)),
            _entryFrom(heir, 1, 1_000_000, 2_000_010, END, _sell(5, 1000)),
            _entry(buyer, END, _buy(15, 1000))
        );
        _settle(_batch(START, END), entries);
        vm.assertEq(escrow.balanceOf(heir.seat), 5000);
        // And the old one has nothing to sell any more.
        vm.warp(END + DAY);
        entries = abi.encodePacked(
            _entry(home, END + DAY, Trade(96, 0, 0, 0, 0, 0, 0)), _entry(home, END + DAY, _sell(5, 1000))
        );
        _expectSettleRevert(
            _batch(END, END + DAY), entries, abi.encodeWithSelector(ISettlement.MandateExpired.selector, home.seat)
        );
    }

    function test_a_moved_meter_waits_for_the_former_area() public {
        AreaRules memory slow = _rules(2);
        (slow.intervalSeconds, slow.batchSeconds) = (3600, DAY);
        slow = _openArea(slow);
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        mandate.rules = hashes.hash(slow);
        vm.warp(START - 10);
        other.seat = _open(other, mandate, START, _epoch(other));
        // The hourly area lets go at START + 3600, four quarter-hours later.
        vm.warp(START + 10);
        Mandate memory moved = _mandate(other);
        vm.expectEmit();
        emit ISeats.SeatClosed(other.seat, START + 3600, 1);
        vm.expectEmit();
        emit ISeats.SeatOpened(_seatId(2), other.account, other.meter, moved, _epoch(other), START + 3600, false);
        _open(other, moved, START + 1, _epoch(other));
    }

    /// An hourly area lets go late. A seat that was opened and left again in between does not shorten the wait.
    function test_a_meter_that_moves_twice_waits_for_the_first_area() public {
        AreaRules memory slow = _rules(2);
        (slow.intervalSeconds, slow.batchSeconds) = (3600, DAY);
        slow = _openArea(slow);
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        mandate.rules = hashes.hash(slow);
        vm.warp(START - 10);
        other.seat = _open(other, mandate, START, _epoch(other));
        vm.warp(START + 10);
        other.seat = _open(other, _mandate(other), START + 1, _epoch(other));
        Home memory heir = _home(3);
        (heir.meterKey, heir.meter) = (other.meterKey, other.meter);
        Mandate memory inherited = _mandate(heir);
        vm.expectEmit();
        emit ISeats.SeatOpened(_seatId(3), heir.account, heir.meter, inherited, _epoch(heir), START + 3600, false);
        _open(heir, inherited, START + 2, _epoch(heir));
    }
}
