// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {Mandate, EpochStart, SeatView, ISeats} from "../../contracts/src/ISeats.sol";
import {ISettlement} from "../../contracts/src/ISettlement.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";

/// Seats: opening, changing, ending, and when each takes effect.
contract SeatsTest is Street {
    Home internal home;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    // --- opening ---

    function test_a_seat_opens_with_three_signatures_and_starts_at_the_next_boundary() public {
        vm.warp(START - 10);
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        EpochStart memory epoch = _epoch(other);
        vm.expectEmit();
        emit ISeats.SeatOpened(_seatId(2), other.account, other.meter, mandate, epoch, START, false);
        _open(other);
        vm.assertEq(other.seat, _seatId(2));
        vm.assertEq(escrow.seatOf(other.account, other.meter, area), other.seat);
        vm.assertEq(escrow.meterView(other.meter).seat, other.seat);
        SeatView memory view_ = escrow.seatView(other.seat);
        vm.assertEq(view_.account, other.account);
        vm.assertEq(view_.meter, other.meter);
        vm.assertEq(view_.version, 1);
        vm.assertEq(view_.time, START);
        vm.assertEq(view_.importWh, 1_000_000);
        vm.assertEq(view_.exportWh, 2_000_000);
        vm.assertEq(view_.maxBuyWh, 0);
    }

    function test_both_valid_froms_delay_the_start() public {
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        mandate.validFrom = START + DAY + 1;
        vm.expectEmit(); // raised to the boundary
        emit ISeats.SeatOpened(
            _seatId(2), other.account, other.meter, mandate, _epoch(other), START + DAY + INTERVAL, false
        );
        _open(other, mandate, START, _epoch(other));
        other = _home(3);
        mandate = _mandate(other);
        vm.expectEmit();
        emit ISeats.SeatOpened(_seatId(3), other.account, other.meter, mandate, _epoch(other), START + 2 * DAY, false);
        _open(other, mandate, START + 2 * DAY, _epoch(other));
    }

    function test_refuses_an_opening_that_is_not_signed_by_both() public {
        Home memory other = _home(2);
        Home memory thief = _home(3);
        Mandate memory mandate = _mandate(other);
        EpochStart memory epoch = _epoch(other);
        uint256[3] memory keys = [other.accountKey, other.meterKey, other.meterKey];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 right = keys[i];
            keys[i] = thief.accountKey;
            vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, i == 0 ? other.account : other.meter));
            this.openWith(other, mandate, epoch, keys);
            keys[i] = right;
        }
        epoch.meter = thief.meter;
        vm.expectRevert(ICommon.WrongParty.selector);
        this.openWith(other, mandate, epoch, keys);
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

    function test_refuses_mandates_for_other_rules_or_times() public {
        Home memory other = _home(2);
        uint256[3] memory keys = [other.accountKey, other.meterKey, other.meterKey];
        Mandate memory mandate = _mandate(other);
        mandate.rules = keccak256("other");
        vm.expectRevert(abi.encodeWithSelector(ISeats.WrongRules.selector, mandate.rules));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate.rules = 0;
        vm.expectRevert(abi.encodeWithSelector(ISeats.WrongRules.selector, bytes32(0)));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate = _mandate(other);
        mandate.deadline = START - 1;
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, START - 1));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate = _mandate(other);
        mandate.validUntil = FAR + 1;
        vm.expectRevert(abi.encodeWithSelector(ISeats.BadValidity.selector, FAR + 1));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate.validUntil = START;
        vm.expectRevert(abi.encodeWithSelector(ISeats.BadValidity.selector, START));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate = _mandate(other);
        mandate.validFrom = type(uint32).max;
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotABoundary.selector, type(uint32).max));
        this.openWith(other, mandate, _epoch(other), keys);
        EpochStart memory epoch = _epoch(other);
        epoch.time += 1;
        mandate = _mandate(other);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotABoundary.selector, epoch.time));
        this.openWith(other, mandate, epoch, keys);
    }

    function test_the_same_opening_counts_once() public {
        uint256[3] memory keys = [home.accountKey, home.meterKey, home.meterKey];
        Mandate memory mandate = _mandate(home);
        vm.expectRevert(abi.encodeWithSelector(ICommon.OldVersion.selector, 1));
        this.openWith(home, mandate, _epoch(home), keys);
        mandate.version = 2;
        vm.expectRevert(abi.encodeWithSelector(ISeats.SeatExists.selector, home.seat));
        this.openWith(home, mandate, _epoch(home), keys);
        _close(home);
        mandate.version = 3;
        vm.expectRevert(abi.encodeWithSelector(ISeats.OldConsent.selector, NO_DEADLINE));
        this.openWith(home, mandate, _epoch(home), keys);
        vm.assertEq(_open(home, mandate, START + 1, _epoch(home)), home.seat + 1);
        vm.assertEq(escrow.seatOf(home.account, home.meter, area), home.seat + 1);
    }

    function test_an_area_has_room_for_24_bits_of_seats() public {
        // Finds the area's word with the grid operator and the last number, and writes the highest number there.
        bytes32 place;
        for (uint256 slot = 0; slot < 10; ++slot) {
            place = bytes32(uint256(keccak256(abi.encode(uint256(area), slot))) + 1);
            if (address(uint160(uint256(vm.load(address(escrow), place)))) == grid) break;
        }
        uint256 word = uint256(vm.load(address(escrow), place));
        vm.assertEq(address(uint160(word)), grid);
        vm.store(address(escrow), place, bytes32(word | (uint256(type(uint24).max) << 232)));
        Home memory last = _home(2);
        Mandate memory mandate = _mandate(last);
        vm.expectRevert(abi.encodeWithSelector(ISeats.AreaFull.selector, area));
        this.openWith(last, mandate, _epoch(last), [last.accountKey, last.meterKey, last.meterKey]);
    }

    // --- mandates ---

    function test_changes_come_into_force_one_after_the_other() public {
        for (uint32 version = 2; version < 4; ++version) {
            Mandate memory next = _mandate(home);
            (next.version, next.sellFloor) = (version, int24(int32(version)));
            next.validFrom = START + (version - 1) * DAY;
            _change(home, next);
        }
        for (uint32 day = 1; day < 4; ++day) {
            vm.warp(START + day * DAY);
            uint32 start = START + (day - 1) * DAY;
            _settle(_batch(start, start + DAY), _entry(home, start + DAY, Trade(0, 0, 0, 0, 0, 0, 0)));
            vm.assertEq(escrow.seatView(home.seat).terms.sellFloor, day == 1 ? int256(500) : int256(uint256(day)));
        }
    }

    function test_a_changed_mandate_holds_from_its_boundary() public {
        Mandate memory next = _mandate(home);
        (next.version, next.validFrom, next.sellFloor) = (2, START + 1, 900);
        vm.expectEmit();
        emit ISeats.MandateChanged(home.seat, next, START + INTERVAL);
        _change(home, next);
        Home memory buyer = _ready(2, 10_000_000);
        vm.warp(END);
        Trade memory cheap = _sell(10, 800);
        cheap.lag = 95;
        bytes memory early = _entry(home, END, cheap);
        bytes memory late = _entryFrom(home, 1, 1_000_000, 2_000_010, END, _sell(10, 800));
        bytes memory bought = _entry(buyer, END, _buy(20, 800));
        _expectSettleRevert(
            _batch(START, END),
            abi.encodePacked(early, late, bought),
            abi.encodeWithSelector(ISettlement.BeyondPrice.selector, home.seat)
        );
        late = _entryFrom(home, 1, 1_000_000, 2_000_010, END, _sell(10, 900));
        bought = _entry(buyer, END, Trade(0, 0, 20, 0, 20, 17_000, 0));
        _settle(_batch(START, END), abi.encodePacked(early, late, bought));
        vm.assertEq(escrow.seatView(home.seat).terms.sellFloor, 900);
    }

    function test_refuses_a_change_of_another_hand() public {
        Mandate memory next = _mandate(home);
        vm.expectRevert(abi.encodeWithSelector(ICommon.OldVersion.selector, 1));
        escrow.changeMandate(home.seat, next, "");
        next.version = 2;
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.changeMandate(home.seat, next, "");
        next.meter = address(1);
        vm.expectRevert(ICommon.WrongParty.selector);
        escrow.changeMandate(home.seat, next, "");
        next = _mandate(home);
        next.account = address(1);
        vm.expectRevert(ICommon.WrongParty.selector);
        escrow.changeMandate(home.seat, next, "");
        next = _mandate(home);
        next.rules = keccak256("other");
        vm.expectRevert(abi.encodeWithSelector(ISeats.WrongRules.selector, next.rules));
        escrow.changeMandate(home.seat, next, "");
    }

    function test_a_newer_mandate_replaces_what_has_not_begun() public {
        for (uint32 version = 2; version < 30; ++version) {
            Mandate memory next = _mandate(home);
            (next.version, next.sellFloor) = (version, int24(int32(version)));
            next.validFrom = START + (version % 2 == 0 ? 40 * DAY : 0);
            _change(home, next);
        }
        Mandate memory last = _mandate(home);
        last.version = 30;
        _change(home, last);
    }

    function test_closing_ends_trading_for_good_and_leaves_the_purse() public {
        vm.warp(START + 10);
        vm.expectEmit();
        emit ISeats.SeatClosed(home.seat, START + INTERVAL, 2);
        escrow.closeSeat(home.seat, 2, NO_DEADLINE, _signedClosing(home, 2));
        vm.startPrank(home.account);
        vm.expectRevert(abi.encodeWithSelector(ISeats.SeatIsClosed.selector, home.seat));
        escrow.closeSeat(home.seat, 2, NO_DEADLINE, "");
        Mandate memory next = _mandate(home);
        next.version = 3;
        vm.expectRevert(abi.encodeWithSelector(ISeats.SeatIsClosed.selector, home.seat));
        escrow.changeMandate(home.seat, next, "");
        vm.stopPrank();
        _request(home, type(uint128).max, address(7));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(token.balanceOf(address(7)), 10_000_000);
    }

    function test_closing_takes_back_a_mandate_that_has_not_begun() public {
        Mandate memory next = _mandate(home);
        (next.version, next.validFrom) = (2, START + DAY);
        _change(home, next);
        _close(home);
        Home memory buyer = _ready(2, 10_000_000);
        vm.warp(START + 2 * DAY);
        _settle(_batch(START, START + DAY), _entry(home, START + DAY, Trade(0, 0, 0, 0, 0, 0, 0)));
        bytes memory entries = abi.encodePacked(
            _entry(home, START + 2 * DAY, _sell(1, 1000)),
            _entry(buyer, START + 2 * DAY, Trade(96, 0, 0, 0, 0, 0, 0)),
            _entry(buyer, START + 2 * DAY, _buy(1, 1000))
        );
        _expectSettleRevert(
            _batch(START + DAY, START + 2 * DAY),
            entries,
            abi.encodeWithSelector(ISettlement.MandateExpired.selector, home.seat)
        );
    }

    /// Whoever speaks first after a quiet day is heard: nothing waited in the seat's word any more.
    function test_each_change_counts_for_a_seat_where_nothing_waited() public {
        for (uint256 i = 0; i < 4; ++i) {
            uint256 before = vm.snapshotState();
            vm.warp(END);
            _settle(_batch(START, END), _entry(home, END, Trade(0, 0, 0, 0, 0, 0, 0)));
            Mandate memory next = _mandate(home);
            (next.version, next.maxBuyWh) = (2, 0);
            if (i == 0) _change(home, next);
            else if (i == 1) _close(home);
            else if (i == 2) _revoke(home, 0);
            else _confirm(home, 0, 0);
            vm.warp(END + DAY);
            bool sells = i == 3;
            bytes memory entries = abi.encodePacked(
                _entry(home, END + DAY, Trade(95, 0, 0, 0, 0, 0, 0)),
                _entry(home, END + DAY, sells ? _sell(1, 1000) : _buy(1, 1000))
            );
            _expectSettleRevert(
                _batch(END, END + DAY),
                entries,
                abi.encodeWithSelector(
                    i == 1 ? ISettlement.MandateExpired.selector : ISettlement.BeyondLimit.selector, home.seat
                )
            );
            vm.revertToState(before);
        }
    }

    function test_refuses_to_close_late_or_by_another() public {
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, START - 1));
        escrow.closeSeat(home.seat, 2, START - 1, "");
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.closeSeat(home.seat, 2, NO_DEADLINE, "");
    }
}
