// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {EpochStart} from "../../../contracts/src/ISeats.sol";
import {Reading, RotateKey, IMeters} from "../../../contracts/src/IMeters.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// Stolen accounts, stolen keys and copied instructions against the change of a meter's key.
contract KeyTheftTest is Street {
    Home internal home;
    Home internal thief;
    uint256 internal constant NEXT = 0x5eed;
    uint256 internal constant MINE = 0xbad;
    uint32 internal constant FROM = START + 4 * INTERVAL;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
        thief = _ready(2, 10_000_000);
        vm.warp(START + 10);
    }

    function _signed(RotateKey memory rotation, uint256 account, uint256 key, uint256 next) private {
        bytes32 structHash = hashes.hash(rotation);
        escrow.rotateKey(rotation, _sign(account, structHash), _sign(key, structHash), _sign(next, structHash));
    }

    function test_a_stolen_account_without_the_meter_changes_nothing() public {
        RotateKey memory rotation = _rotation(home, MINE, FROM);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        this.tryRotate(rotation, home.accountKey, MINE, MINE);
    }

    function test_a_stolen_meter_without_the_account_changes_nothing() public {
        RotateKey memory rotation = _rotation(home, MINE, FROM);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        this.tryRotate(rotation, thief.accountKey, home.meterKey, MINE);
    }

    function tryRotate(RotateKey memory rotation, uint256 account, uint256 key, uint256 next) external {
        _signed(rotation, account, key, next);
    }

    /// Nobody can put an address that is not theirs to use under his own seat and so bar its owner.
    function test_the_next_key_must_show_itself() public {
        RotateKey memory rotation = _rotation(home, NEXT, FROM);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, vm.addr(NEXT)));
        this.tryRotate(rotation, home.accountKey, home.meterKey, MINE);
        rotation.next = address(0);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, address(0)));
        this.tryRotate(rotation, home.accountKey, home.meterKey, MINE);
    }

    function test_a_key_serves_one_meter_once() public {
        RotateKey memory rotation = _rotation(home, thief.meterKey, FROM);
        vm.expectRevert(abi.encodeWithSelector(IMeters.KeyUsed.selector, thief.meter));
        this.tryRotate(rotation, home.accountKey, home.meterKey, thief.meterKey);
        rotation = _rotation(home, home.meterKey, FROM);
        vm.expectRevert(abi.encodeWithSelector(IMeters.KeyUsed.selector, home.meter));
        this.tryRotate(rotation, home.accountKey, home.meterKey, home.meterKey);
        _rotate(home, NEXT, FROM);
        rotation = _rotation(thief, NEXT, FROM);
        vm.expectRevert(abi.encodeWithSelector(IMeters.KeyUsed.selector, vm.addr(NEXT)));
        this.tryRotate(rotation, thief.accountKey, thief.meterKey, NEXT);
        // Back to the first key is no way either, and a successor is no meter of its own.
        home.meterKey = NEXT;
        rotation = _rotation(home, _home(1).meterKey, FROM);
        vm.expectRevert(abi.encodeWithSelector(IMeters.KeyUsed.selector, home.meter));
        this.tryRotate(rotation, home.accountKey, NEXT, _home(1).meterKey);
        Home memory alone = _home(3);
        (alone.meterKey, alone.meter) = (NEXT, vm.addr(NEXT));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, alone.meter));
        this.tryOpen(alone);
    }

    function tryOpen(Home memory of_) external {
        _open(of_, _mandate(of_), START + 1, _epoch(of_));
    }

    function test_an_instruction_counts_once_and_in_time_and_for_its_meter_only() public {
        RotateKey memory rotation = _rotation(home, NEXT, FROM);
        rotation.deadline = START + 10;
        bytes32 structHash = hashes.hash(rotation);
        bytes memory byAccount = _sign(home.accountKey, structHash);
        bytes memory byKey = _sign(home.meterKey, structHash);
        bytes memory byNext = _sign(NEXT, structHash);
        vm.warp(START + 11);
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, START + 10));
        escrow.rotateKey(rotation, byAccount, byKey, byNext);
        vm.warp(START + 10);
        RotateKey memory other = _rotation(home, NEXT, FROM + INTERVAL);
        other.deadline = START + 10;
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.rotateKey(other, byAccount, byKey, byNext);
        other = _rotation(home, NEXT, FROM);
        other.meter = thief.meter;
        vm.expectRevert(ICommon.WrongParty.selector);
        escrow.rotateKey(other, byAccount, byKey, byNext);
        other.account = thief.account;
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, thief.meter));
        escrow.rotateKey(other, byAccount, byKey, byNext);
        escrow.rotateKey(rotation, byAccount, byKey, byNext);
        vm.expectRevert(abi.encodeWithSelector(IMeters.KeyUsed.selector, vm.addr(NEXT)));
        escrow.rotateKey(rotation, byAccount, byKey, byNext);
    }

    function test_only_the_last_key_vouches_for_a_successor() public {
        _rotate(home, NEXT, FROM);
        RotateKey memory rotation = _rotation(home, MINE, FROM);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        this.tryRotate(rotation, home.accountKey, home.meterKey, MINE);
        vm.expectRevert(abi.encodeWithSelector(IMeters.WrongKey.selector, vm.addr(NEXT)));
        this.tryRotate(rotation, home.accountKey, NEXT, MINE);
    }

    function test_a_closed_seat_changes_no_key() public {
        _close(home);
        vm.warp(START + INTERVAL);
        RotateKey memory rotation = _rotation(home, NEXT, FROM);
        vm.expectRevert(abi.encodeWithSelector(IMeters.MeterGone.selector, home.seat));
        this.tryRotate(rotation, home.accountKey, home.meterKey, NEXT);
    }

    function test_the_former_key_signs_nothing_after_the_change() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        bytes memory refusal = abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat);
        _expectSettleRevert(_batch(START, END), _entry(home, END, _sell(5, 1000)), refusal);
        // Nor does it move the base there without selling anything.
        _expectSettleRevert(_batch(START, END), _entry(home, END, Trade(0, 5, 0, 0, 0, 0, 0)), refusal);
    }

    function test_the_next_key_signs_nothing_before_the_change() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        home.meterKey = NEXT;
        _expectSettleRevert(
            _batch(START, FROM),
            _entry(home, FROM, _sell(5, 1000)),
            abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat)
        );
    }

    /// The key that left cannot take the meter along.
    function test_a_former_key_cannot_move_the_meter_to_another_account() public {
        _rotate(home, NEXT, FROM);
        Home memory elsewhere = _home(3);
        (elsewhere.meterKey, elsewhere.meter) = (home.meterKey, home.meter);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        this.tryOpen(elsewhere);
        EpochStart memory epoch = _epoch(home, 2, FROM + INTERVAL, 0, 0);
        bytes32 structHash = hashes.hash(epoch);
        bytes memory byMeter = _sign(home.meterKey, structHash);
        vm.warp(END);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.startEpoch(home.seat, epoch, byMeter, "", "");
    }

    function _report(uint32 time, uint256 key) private {
        Reading memory first = _reading(home, time, 0, 1);
        Reading memory second = _reading(home, time, 0, 2);
        bytes memory a = _sign(key, hashes.hash(first));
        bytes memory b = _sign(key, hashes.hash(second));
        escrow.reportEquivocation(first, a, second, b);
    }

    function report(uint32 time, uint256 key) external {
        _report(time, key);
    }

    function test_two_values_of_the_former_key_are_still_proof() public {
        _rotate(home, NEXT, FROM);
        home.meterKey = NEXT;
        _rotate(home, 7, FROM + INTERVAL);
        vm.warp(END);
        vm.expectEmit();
        emit IMeters.MeterSuspended(home.seat, END + INTERVAL);
        _report(FROM, _home(1).meterKey);
    }

    function test_each_key_answers_for_its_own_time_alone() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        bytes memory refusal = abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter);
        vm.expectRevert(refusal);
        this.report(FROM + INTERVAL, home.meterKey);
        vm.expectRevert(refusal);
        this.report(FROM, NEXT);
        _report(FROM + INTERVAL, NEXT);
    }

    /// Both keys may sign one boundary: only one of the two signatures means anything.
    function test_one_value_of_each_key_is_no_proof() public {
        _rotate(home, NEXT, FROM);
        vm.warp(END);
        Reading memory first = _reading(home, FROM, 0, 1);
        Reading memory second = _reading(home, FROM, 0, 2);
        bytes memory a = _sign(home.meterKey, hashes.hash(first));
        bytes memory b = _sign(NEXT, hashes.hash(second));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.meter));
        escrow.reportEquivocation(first, a, second, b);
    }

    function test_a_batch_of_past_intervals_stays_valid_after_the_change() public {
        vm.warp(END + 1);
        bytes memory entries = abi.encodePacked(_entry(home, END, _sell(5, 1000)), _entry(thief, END, _buy(5, 1000)));
        _rotate(home, NEXT, START);
        _settle(_batch(START, END), entries);
    }
}
