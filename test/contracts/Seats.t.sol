// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {IEscrow, AreaRules, Mandate, EpochStart, Reading, SeatView, Batch} from "../../contracts/src/IEscrow.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";
import {LocalEuro} from "../../contracts/src/LocalEuro.sol";
import {WideToken} from "./Tokens.sol";

/// Areas and seats: opening, changing, confirming, ending, and when each takes effect.
contract SeatsTest is Street {
    Home internal home;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    // --- areas ---

    function test_an_area_opens_once_by_its_grid_operator() public {
        AreaRules memory other = _rules(2);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotGrid.selector, address(this)));
        escrow.openArea(other, operator);
        vm.startPrank(grid);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AreaExists.selector, 1));
        escrow.openArea(rules, operator);
        vm.expectEmit();
        emit IEscrow.AreaOpened(2, hashes.hash(other), other, operator);
        escrow.openArea(other, operator);
        vm.stopPrank();
        vm.assertEq(escrow.rulesHash(2), hashes.hash(other));
        vm.assertEq(escrow.gridOf(2), grid);
    }

    function test_refuses_rules_that_cannot_work() public {
        vm.startPrank(grid);
        AreaRules memory bad = _rules(2);
        bad.token = address(1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.WrongToken.selector, address(1)));
        escrow.openArea(bad, operator);
        for (uint256 i = 0; i < 5; ++i) {
            bad = _rules(2);
            if (i == 0) bad.intervalSeconds = 0;
            if (i == 1) bad.batchSeconds = 0;
            if (i == 2) bad.batchSeconds = 901;
            if (i == 3) bad.batchSeconds = DELAY;
            if (i == 4) bad.settlingGrade = 2;
            vm.expectRevert(IEscrow.BadRules.selector);
            escrow.openArea(bad, operator);
        }
        uint32[3] memory ticks = [uint32(0), 300, 1500];
        for (uint256 i = 0; i < 3; ++i) {
            bad = _rules(2);
            bad.priceTick = ticks[i];
            vm.expectRevert(abi.encodeWithSelector(IEscrow.UnitNotRepresentable.selector, ticks[i], 6));
            escrow.openArea(bad, operator);
        }
        vm.stopPrank();
    }

    function test_refuses_a_ledger_unit_too_large_for_the_scale() public {
        WideToken wide = new WideToken();
        wide.setDecimals(48);
        escrow = _deploy(address(wide), DELAY);
        AreaRules memory bad = _rules(1);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.UnitNotRepresentable.selector, 100, 48));
        escrow.openArea(bad, operator);
    }

    function test_the_grid_operator_replaces_the_operator() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotGrid.selector, address(this)));
        escrow.appointOperator(1, address(3));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AreaUnknown.selector, 9));
        escrow.appointOperator(9, address(3));
        vm.prank(grid);
        vm.expectEmit();
        emit IEscrow.OperatorAppointed(1, address(3));
        escrow.appointOperator(1, address(3));
        vm.assertEq(escrow.operatorOf(1), address(3));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotOperator.selector, operator));
        escrow.settle(_batch(START, END), "");
    }

    function test_refuses_a_delay_that_no_clock_reaches() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadDelay.selector, 365 days + 1));
        this.deploy(365 days + 1);
        vm.assertEq(this.deploy(365 days).withdrawalDelaySeconds(), 365 days);
    }

    function deploy(uint32 delay) external returns (IEscrow) {
        return _deploy(address(token), delay);
    }

    // --- opening ---

    function test_a_seat_opens_with_three_signatures_and_starts_at_the_next_boundary() public {
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        EpochStart memory epoch = _epoch(other);
        vm.expectEmit();
        emit IEscrow.SeatOpened((1 << 32) | 2, other.account, other.meter, mandate, epoch, START + INTERVAL);
        _open(other);
        vm.assertEq(other.seat, (1 << 32) | 2);
        vm.assertEq(escrow.seatOf(other.account, other.meter, 1), other.seat);
        vm.assertEq(escrow.seatOfMeter(other.meter), other.seat);
        SeatView memory view_ = escrow.seatView(other.seat);
        vm.assertEq(view_.account, other.account);
        vm.assertEq(view_.meter, other.meter);
        vm.assertEq(view_.version, 1);
        vm.assertEq(view_.time, START - INTERVAL);
        vm.assertEq(view_.importWh, 1_000_000);
        vm.assertEq(view_.exportWh, 2_000_000);
        vm.assertEq(view_.maxBuyWh, 0);
    }

    function test_both_valid_froms_delay_the_start() public {
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        mandate.validFrom = START + DAY + 1;
        vm.expectEmit(); // raised to the boundary
        emit IEscrow.SeatOpened(
            (1 << 32) | 2, other.account, other.meter, mandate, _epoch(other), START + DAY + INTERVAL
        );
        _open(other, mandate, START, _epoch(other));
        other = _home(3);
        mandate = _mandate(other);
        vm.expectEmit();
        emit IEscrow.SeatOpened((1 << 32) | 3, other.account, other.meter, mandate, _epoch(other), START + 2 * DAY);
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
            vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, i == 0 ? other.account : other.meter));
            this.openWith(other, mandate, epoch, keys);
            keys[i] = right;
        }
        epoch.meter = thief.meter;
        vm.expectRevert(IEscrow.WrongParty.selector);
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
        vm.expectRevert(abi.encodeWithSelector(IEscrow.WrongRules.selector, mandate.rules));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate.rules = 0;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.WrongRules.selector, bytes32(0)));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate = _mandate(other);
        mandate.deadline = START - 1;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.DeadlinePassed.selector, START - 1));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate = _mandate(other);
        mandate.validUntil = FAR + 1;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadValidity.selector, FAR + 1));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate.validUntil = START;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadValidity.selector, START));
        this.openWith(other, mandate, _epoch(other), keys);
        mandate = _mandate(other);
        mandate.validFrom = type(uint32).max;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadValidity.selector, type(uint32).max));
        this.openWith(other, mandate, _epoch(other), keys);
        EpochStart memory epoch = _epoch(other);
        epoch.time += 1;
        mandate = _mandate(other);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotABoundary.selector, epoch.time));
        this.openWith(other, mandate, epoch, keys);
    }

    function test_the_same_opening_counts_once() public {
        uint256[3] memory keys = [home.accountKey, home.meterKey, home.meterKey];
        Mandate memory mandate = _mandate(home);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.OldVersion.selector, 1));
        this.openWith(home, mandate, _epoch(home), keys);
        mandate.version = 2;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SeatExists.selector, home.seat));
        this.openWith(home, mandate, _epoch(home), keys);
        _close(home);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.OldConsent.selector, START));
        this.openWith(home, mandate, _epoch(home), keys);
        vm.assertEq(_open(home, mandate, START + 1, _epoch(home)), home.seat + 1);
        vm.assertEq(escrow.seatOf(home.account, home.meter, 1), home.seat + 1);
    }

    function test_an_area_has_room_for_24_bits_of_seats() public {
        // Finds the area's word with the grid operator and the last number, and writes the highest number there.
        bytes32 place;
        for (uint256 slot = 0; slot < 10; ++slot) {
            place = bytes32(uint256(keccak256(abi.encode(uint256(1), slot))) + 1);
            if (address(uint160(uint256(vm.load(address(escrow), place)))) == grid) break;
        }
        uint256 word = uint256(vm.load(address(escrow), place));
        vm.assertEq(address(uint160(word)), grid);
        vm.store(address(escrow), place, bytes32(word | (uint256(type(uint24).max) << 232)));
        Home memory last = _home(2);
        Mandate memory mandate = _mandate(last);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AreaFull.selector, 1));
        this.openWith(last, mandate, _epoch(last), [last.accountKey, last.meterKey, last.meterKey]);
    }

    function test_only_the_deployer_mints_the_development_token() public {
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(LocalEuro.NotMinter.selector, grid));
        token.mint(grid, 1);
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
        emit IEscrow.MandateChanged(home.seat, next, START + INTERVAL);
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
            abi.encodeWithSelector(IEscrow.BeyondPrice.selector, home.seat)
        );
        late = _entryFrom(home, 1, 1_000_000, 2_000_010, END, _sell(10, 900));
        bought = _entry(buyer, END, Trade(0, 0, 20, 0, 20, 17_000, 0));
        _settle(_batch(START, END), abi.encodePacked(early, late, bought));
        vm.assertEq(escrow.seatView(home.seat).terms.sellFloor, 900);
    }

    function test_refuses_a_change_of_another_hand() public {
        Mandate memory next = _mandate(home);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.OldVersion.selector, 1));
        escrow.changeMandate(home.seat, next, "");
        next.version = 2;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.account));
        escrow.changeMandate(home.seat, next, "");
        next.meter = address(1);
        vm.expectRevert(IEscrow.WrongParty.selector);
        escrow.changeMandate(home.seat, next, "");
        next = _mandate(home);
        next.account = address(1);
        vm.expectRevert(IEscrow.WrongParty.selector);
        escrow.changeMandate(home.seat, next, "");
        next = _mandate(home);
        next.rules = keccak256("other");
        vm.expectRevert(abi.encodeWithSelector(IEscrow.WrongRules.selector, next.rules));
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
        emit IEscrow.SeatClosed(home.seat, START + INTERVAL);
        escrow.closeSeat(
            home.seat, NO_DEADLINE, _sign(home.accountKey, TypedData.hashClose(home.account, home.seat, NO_DEADLINE))
        );
        vm.startPrank(home.account);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SeatIsClosed.selector, home.seat));
        escrow.closeSeat(home.seat, NO_DEADLINE, "");
        Mandate memory next = _mandate(home);
        next.version = 2;
        vm.expectRevert(abi.encodeWithSelector(IEscrow.SeatIsClosed.selector, home.seat));
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
            abi.encodeWithSelector(IEscrow.MandateExpired.selector, home.seat)
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
                    i == 1 ? IEscrow.MandateExpired.selector : IEscrow.BeyondLimit.selector, home.seat
                )
            );
            vm.revertToState(before);
        }
    }

    function test_refuses_to_close_late_or_by_another() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.DeadlinePassed.selector, START - 1));
        escrow.closeSeat(home.seat, START - 1, "");
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.account));
        escrow.closeSeat(home.seat, NO_DEADLINE, "");
    }

    // --- the grid operator ---

    function test_a_confirmation_counts_once() public {
        bytes32 structHash = TypedData.hashConfirm(home.seat, "zone", 77, START, NO_DEADLINE);
        bytes memory signature = _sign(GRID_KEY, structHash);
        vm.expectEmit();
        emit IEscrow.MeterConfirmed(home.seat, "zone", 77, START + INTERVAL);
        escrow.confirmMeter(home.seat, "zone", 77, START, NO_DEADLINE, signature);
        bytes32 digest = _digest(structHash);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.AlreadyUsed.selector, digest));
        escrow.confirmMeter(home.seat, "zone", 77, START, NO_DEADLINE, signature);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, grid));
        escrow.confirmMeter(home.seat, "zone", 78, START, NO_DEADLINE, signature);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.DeadlinePassed.selector, START - 1));
        escrow.confirmMeter(home.seat, "zone", 77, START, START - 1, signature);
    }

    function test_a_revocation_stops_both_sides_until_a_later_confirmation() public {
        bytes memory signature = _sign(GRID_KEY, TypedData.hashRevoke(home.seat, START, NO_DEADLINE));
        vm.expectEmit();
        emit IEscrow.MeterRevoked(home.seat, START + INTERVAL);
        escrow.revokeMeter(home.seat, START, NO_DEADLINE, signature);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.DeadlinePassed.selector, START - 1));
        escrow.revokeMeter(home.seat, START, START - 1, signature);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillBarred.selector, START + INTERVAL));
        escrow.confirmMeter(home.seat, "zone", 77, START + INTERVAL, NO_DEADLINE, "");
        _revoke(home, START);
        vm.warp(START + 2 * INTERVAL);
        _settle(_batch(START, START + INTERVAL), _entry(home, START + INTERVAL, Trade(0, 0, 0, 0, 0, 0, 0)));
        Trade memory bought = _buy(10, 1000);
        bytes memory entry = _entry(home, START + 2 * INTERVAL, bought);
        _expectSettleRevert(
            _batch(START + INTERVAL, START + 2 * INTERVAL),
            entry,
            abi.encodeWithSelector(IEscrow.BeyondLimit.selector, home.seat)
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
        vm.prank(grid);
        escrow.openArea(open, operator);
        Home memory free = _home(5);
        Mandate memory mandate = _mandate(free);
        mandate.rules = hashes.hash(open);
        free.seat = _open(free, mandate, START, _epoch(free));
        vm.warp(START + DAY);
        Batch memory batch = _batch(START, END);
        batch.area = 2;
        _settle(batch, _entry(free, END, Trade(96, 0, 0, 0, 0, 0, 0)));
        batch.start = END;
        batch.end = END + DAY;
        vm.warp(END + DAY);
        _settle(batch, _entry(free, END + DAY, Trade(0, 0, 0, 0, 0, 0, 0)));
        vm.assertEq(escrow.seatView(free.seat).maxSellWh, 10_000);
    }

    // --- bases and epochs ---

    function test_only_the_operator_moves_a_base_and_only_forward() public {
        vm.warp(END);
        Reading memory reading = _reading(home, START + INTERVAL, 5, 7);
        bytes memory signature = _sign(home.meterKey, hashes.hash(reading));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotOperator.selector, address(this)));
        escrow.rebase(home.seat, reading, signature);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.meter));
        escrow.rebase(home.seat, reading, "");
        for (uint256 i = 0; i < 6; ++i) {
            Reading memory bad = _reading(home, START + INTERVAL, 5, 7);
            if (i == 0) bad.quality = 1;
            if (i == 1) bad.epoch = 2;
            if (i == 2) bad.time = START;
            if (i == 3) bad.time = END + INTERVAL;
            if (i == 4) bad.importWh = 999_999;
            if (i == 5) bad.exportWh = 1_999_999;
            vm.expectRevert(IEscrow.BadBase.selector);
            escrow.rebase(home.seat, bad, signature);
        }
        Reading memory wrong = _reading(home, START + INTERVAL + 1, 5, 7);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotABoundary.selector, wrong.time));
        escrow.rebase(home.seat, wrong, signature);
        wrong.meter = address(1);
        vm.expectRevert(IEscrow.WrongParty.selector);
        escrow.rebase(home.seat, wrong, signature);
        vm.expectEmit();
        emit IEscrow.Rebased(home.seat, 1, START + INTERVAL, 1_000_005, 2_000_007);
        escrow.rebase(home.seat, reading, signature);
        vm.stopPrank();
    }

    function test_a_new_epoch_needs_everyone() public {
        vm.warp(END);
        EpochStart memory next = _epoch(home, 2, START + INTERVAL, 3, 4);
        bytes32 structHash = hashes.hash(next);
        bytes memory byMeter = _sign(home.meterKey, structHash);
        bytes memory byAccount = _sign(home.accountKey, structHash);
        bytes memory byGrid = _sign(GRID_KEY, structHash);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotOperator.selector, address(this)));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.meter));
        escrow.startEpoch(home.seat, next, byAccount, byAccount, byGrid);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.account));
        escrow.startEpoch(home.seat, next, byMeter, byMeter, byGrid);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, grid));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, "");
        next.meter = address(1);
        vm.expectRevert(IEscrow.WrongParty.selector);
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 1, START + INTERVAL, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadEpoch.selector, 1));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 2, START - INTERVAL, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadEpoch.selector, 2));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 2, START + 1, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotABoundary.selector, START + 1));
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        next = _epoch(home, 2, START + INTERVAL, 3, 4);
        vm.expectEmit();
        emit IEscrow.EpochStarted(home.seat, 2, START + INTERVAL, 3, 4);
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
}
