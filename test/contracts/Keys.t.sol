// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {Mandate, EpochStart, SeatView} from "../../contracts/src/ISeats.sol";
import {Reading, RotateKey, IMeters} from "../../contracts/src/IMeters.sol";
import {Batch, ISettlement} from "../../contracts/src/ISettlement.sol";

/// A meter's key changes while its seat, purse, mandate, confirmation and registers stay.
contract KeysTest is Street {
    Home internal home;
    Home internal buyer;
    uint256 internal constant NEXT = 0x5eed;
    uint32 internal constant FROM = START + 4 * INTERVAL;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
        buyer = _ready(2, 10_000_000);
        vm.warp(START + 10);
    }

    function _keyAt(Home memory of_, uint32 time) internal view override returns (uint256) {
        (address meter, uint32 from,) = escrow.keyOf(vm.addr(NEXT));
        return meter == of_.meter && time > from ? NEXT : of_.meterKey;
    }

    /// A sale of the home and a purchase of the buyer, both up to `end`.
    function _trade(uint32 end) private view returns (bytes memory) {
        return abi.encodePacked(_entry(home, end, _sell(5, 1000)), _entry(buyer, end, _buy(5, 1000)));
    }

    function test_everything_but_the_key_stays() public {
        SeatView memory before = escrow.seatView(home.seat);
        vm.expectEmit();
        emit IMeters.KeyRotated(home.seat, home.meter, vm.addr(NEXT), FROM);
        _rotate(home, NEXT, FROM);
        vm.assertEq(keccak256(abi.encode(escrow.seatView(home.seat))), keccak256(abi.encode(before)));
        vm.assertEq(escrow.meterView(home.meter).seat, home.seat);
        (address meter, uint32 from, uint32 until) = escrow.keyOf(vm.addr(NEXT));
        vm.assertEq(meter, home.meter);
        vm.assertEq(from, FROM);
        vm.assertEq(until, type(uint32).max);
        (meter, from, until) = escrow.keyOf(home.meter);
        vm.assertEq(meter, home.meter);
        vm.assertEq(from, 0);
        vm.assertEq(until, FROM);
    }

    function test_batches_before_over_and_after_the_change_settle() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        _settle(_batch(START, FROM), _trade(FROM));
        _settle(_batch(FROM, FROM + INTERVAL), _trade(FROM + INTERVAL));
        _settle(_batch(FROM + INTERVAL, END), _trade(END));
        vm.assertEq(escrow.balanceOf(home.seat), TEN + 15_000);
        vm.assertEq(escrow.seatView(home.seat).exportWh, 2_000_015);
    }

    /// Registers run on, so an entry from the former key's reading to the next key's sells what lies between.
    function test_an_entry_may_span_the_change() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        _settle(_batch(START, END), _trade(END));
        vm.assertEq(escrow.balanceOf(home.seat), TEN + 5000);
    }

    function test_everybody_has_a_whole_interval_to_hear_of_it() public {
        vm.expectEmit();
        emit IMeters.KeyRotated(home.seat, home.meter, vm.addr(NEXT), START + 2 * INTERVAL);
        _rotate(home, NEXT, 0);
    }

    function test_a_change_exactly_an_interval_ahead_is_in_time() public {
        vm.warp(FROM - INTERVAL);
        vm.expectEmit();
        emit IMeters.KeyRotated(home.seat, home.meter, vm.addr(NEXT), FROM);
        _rotate(home, NEXT, FROM - 1);
    }

    function test_keys_follow_one_another() public {
        _rotate(home, NEXT, FROM);
        home.meterKey = NEXT;
        // The second key has not begun to sign, and hands over already: it gets one interval at least.
        vm.expectEmit();
        emit IMeters.KeyRotated(home.seat, vm.addr(NEXT), vm.addr(7), FROM + INTERVAL);
        _rotate(home, 7, START);
        home = _withSeat(_home(1));
        vm.warp(END);
        _settle(_batch(START, FROM + INTERVAL), _trade(FROM + INTERVAL));
        Batch memory rest = _batch(FROM + INTERVAL, END);
        _expectSettleRevert(
            rest, _trade(END), abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat)
        );
        SeatView memory seat = escrow.seatView(home.seat);
        Reading memory reading = Reading(home.meter, 1, END, seat.importWh, seat.exportWh + 5, 0);
        (bytes32 r, bytes32 vs) = _compact(7, _digest(hashes.hash(reading)));
        _settle(rest, abi.encodePacked(_word(home.seat, _sell(5, 1000)), r, vs, _entry(buyer, END, _buy(5, 1000))));
    }

    /// No key is left without a boundary of its own, even where the next one is to begin at the same.
    function test_a_key_that_is_to_begin_with_another_begins_after_it() public {
        _rotate(home, NEXT, FROM);
        home.meterKey = NEXT;
        vm.expectEmit();
        emit IMeters.KeyRotated(home.seat, vm.addr(NEXT), vm.addr(7), FROM + INTERVAL);
        _rotate(home, 7, FROM);
    }

    function _withSeat(Home memory fresh) private view returns (Home memory) {
        fresh.seat = home.seat;
        return fresh;
    }

    function test_mandates_go_on_naming_the_meter_by_its_first_key() public {
        _rotate(home, NEXT, FROM);
        Mandate memory next = _mandate(home);
        (next.version, next.sellFloor) = (2, 700);
        _change(home, next);
        next.meter = vm.addr(NEXT);
        next.version = 3;
        vm.expectRevert(ICommon.WrongParty.selector);
        this.change(home, next);
    }

    function change(Home memory of_, Mandate memory mandate) external {
        _change(of_, mandate);
    }

    /// The seat that the meter leaves runs on until the other begins, and learns of the key as well.
    function test_both_seats_of_a_moving_meter_know_the_next_key() public {
        Home memory heir = _home(3);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        Mandate memory later = _mandate(heir);
        later.validFrom = START + 8 * INTERVAL;
        heir.seat = _open(heir, later, START + 1, _epoch(heir));
        RotateKey memory rotation = _rotation(heir, NEXT, FROM);
        _rotate(heir, NEXT, rotation);
        vm.warp(END);
        bytes memory byFormer = _entryBy(home, home.meterKey, START + 8 * INTERVAL);
        bytes memory refusal = abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat);
        _expectSettleRevert(_batch(START, START + 8 * INTERVAL), byFormer, refusal);
        _settle(
            _batch(START, START + 8 * INTERVAL),
            abi.encodePacked(_entryBy(home, NEXT, START + 8 * INTERVAL), _entryBy(heir, NEXT, START + 8 * INTERVAL))
        );
    }

    function test_a_missing_reading_at_the_change_strands_nothing() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        _settle(_batch(START, FROM), "");
        // The next key's first reading moves the base over the change, by an entry that sells nothing.
        Batch memory batch = _batch(FROM, END);
        Trade memory idle = Trade(uint16((END - FROM) / INTERVAL) - 1, 20, 0, 0, 0, 0, 0);
        bytes memory entries = _entry(home, END, idle);
        SeatView memory seat = escrow.seatView(home.seat);
        entries = abi.encodePacked(
            entries,
            _entryFrom(home, 1, seat.importWh, seat.exportWh + 20, END, _sell(5, 1000)),
            _entryFrom(
                buyer, 1, seat.importWh, seat.exportWh, END, Trade(uint16((END - FROM) / INTERVAL), 0, 0, 0, 0, 0, 0)
            ),
            _entryFrom(buyer, 1, seat.importWh, seat.exportWh, END, _buy(5, 1000))
        );
        _settle(batch, entries);
    }

    function test_a_late_reading_of_the_former_key_still_moves_the_base() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        _settle(_batch(START, FROM), _entry(home, FROM, Trade(0, 20, 0, 0, 0, 0, 0)));
        vm.assertEq(escrow.seatView(home.seat).exportWh, 2_000_020);
    }

    function test_the_next_key_starts_epochs_and_consents() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        EpochStart memory epoch = _epoch(home, 2, FROM + INTERVAL, 0, 0);
        bytes32 structHash = hashes.hash(epoch);
        vm.startPrank(operator);
        bytes memory byAccount = _sign(home.accountKey, structHash);
        bytes memory byGrid = _sign(GRID_KEY, structHash);
        bytes memory byMeter = _sign(home.meterKey, structHash);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.startEpoch(home.seat, epoch, byMeter, byAccount, byGrid);
        escrow.startEpoch(home.seat, epoch, _sign(NEXT, structHash), byAccount, byGrid);
        vm.stopPrank();
        Home memory heir = _home(3);
        (heir.meterKey, heir.meter) = (NEXT, home.meter);
        // An epoch that has ended does not begin again.
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadEpoch.selector, 1));
        this.open(heir, _epoch(heir));
        EpochStart memory second = _epoch(heir, 2, FROM + INTERVAL, 0, 0);
        heir.seat = _open(heir, _mandate(heir), START + 1, second);
        vm.assertEq(escrow.meterView(home.meter).seat, heir.seat);
        // The key stays the meter's in the seat it moved to.
        vm.warp(END + DAY);
        heir.meterKey = _home(1).meterKey;
        bytes memory entry = _entryBy(heir, heir.meterKey, END + DAY);
        _expectSettleRevert(
            _batch(END, END + DAY), entry, abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, heir.seat)
        );
        _settle(_batch(END, END + DAY), _entryBy(heir, NEXT, END + DAY));
    }

    function open(Home memory heir, EpochStart memory epoch) external {
        bytes memory consent = _consent(heir, NEXT, rulesHash, START + 1);
        Mandate memory mandate = _mandate(heir);
        bytes memory signature = _sign(heir.accountKey, hashes.hash(mandate));
        escrow.openSeat(mandate, signature, _times(START + 1), consent, epoch, _sign(NEXT, hashes.hash(epoch)));
    }

    function _entryBy(Home memory of_, uint256 key, uint32 end) private view returns (bytes memory) {
        SeatView memory seat = escrow.seatView(of_.seat);
        Reading memory reading = Reading(of_.meter, seat.epoch, end, seat.importWh, seat.exportWh, 0);
        (bytes32 r, bytes32 vs) = _compact(key, _digest(hashes.hash(reading)));
        return abi.encodePacked(_word(of_.seat, Trade(0, 0, 0, 0, 0, 0, 0)), r, vs);
    }
}
