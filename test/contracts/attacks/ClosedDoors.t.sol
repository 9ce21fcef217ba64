// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Mandate, ConsentTimes, EpochStart, ISeats} from "../../../contracts/src/ISeats.sol";
import {Confirmation, RotateKey} from "../../../contracts/src/IMeters.sol";
import {Withdrawal, MovePurse, IPurses} from "../../../contracts/src/IPurses.sol";

/// One signature, given in haste or stolen, tries to close a door behind itself for ever.
contract ClosedDoorsTest is Street {
    Home internal home;
    uint32 internal constant YEAR = 365 days;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function test_a_withdrawal_takes_the_next_number_and_no_other() public {
        uint32[2] memory wrong = [1, type(uint32).max];
        Home memory other = _home(1);
        (other.meterKey, other.meter) = (0x3e7e4, vm.addr(0x3e7e4));
        _open(other);
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(home.account);
            vm.expectRevert(abi.encodeWithSelector(IPurses.WrongNonce.selector, 0));
            escrow.requestWithdrawal(Withdrawal(home.account, home.seat, 1, address(7), wrong[i], NO_DEADLINE), "");
            vm.prank(home.account);
            vm.expectRevert(abi.encodeWithSelector(IPurses.WrongNonce.selector, 0));
            escrow.requestMove(MovePurse(home.account, home.seat, other.seat, 1, wrong[i], NO_DEADLINE), "");
        }
        _request(home, 1, address(7));
        vm.assertEq(escrow.withdrawalOf(home.seat).nextNonce, 1);
    }

    function test_versions_advance_by_a_bounded_step() public {
        Mandate memory next = _mandate(home);
        next.version = 10_002;
        bytes memory signature = _sign(home.accountKey, hashes.hash(next));
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 1, 10_002));
        escrow.changeMandate(home.seat, next, signature);
        next.version = 10_001;
        _change(home, next);
        vm.assertEq(escrow.seatView(home.seat).version, 10_001);
    }

    /// The first version counts from the seat before, too, or from none.
    function test_the_first_version_and_epoch_are_bounded_as_well() public {
        Home memory other = _home(2);
        Mandate memory mandate = _mandate(other);
        mandate.version = 10_001;
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 0, 10_001));
        this.open(other, mandate, _times(START), _epoch(other));
        mandate.version = 10_000;
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 0, 101));
        this.open(other, mandate, _times(START), _epoch(other, 101, START, 0, 0));
        this.open(other, mandate, _times(START), _epoch(other, 100, START, 0, 0));
    }

    function open(Home memory who, Mandate memory mandate, ConsentTimes memory times, EpochStart memory epoch)
        external
    {
        escrow.openSeat(
            mandate,
            _sign(who.accountKey, hashes.hash(mandate)),
            times,
            _sign(who.meterKey, hashes.hashConsent(who.meter, who.account, mandate.rules, times)),
            epoch,
            _sign(who.meterKey, hashes.hash(epoch))
        );
    }

    /// A consent dated 2106 that a thief signed would have been the meter's last for good.
    function test_dates_lie_within_a_year() public {
        Home memory other = _home(2);
        uint32 far = uint32(block.timestamp) + YEAR + 1;
        bytes memory refusal = abi.encodeWithSelector(ICommon.TooFarAhead.selector, far);
        Mandate memory mandate = _mandate(other);
        vm.expectRevert(refusal);
        this.open(other, mandate, ConsentTimes(START, far), _epoch(other));
        vm.expectRevert(refusal);
        this.open(other, mandate, ConsentTimes(far, NO_DEADLINE), _epoch(other));
        mandate.deadline = far;
        vm.expectRevert(refusal);
        this.open(other, mandate, _times(START), _epoch(other));
        (mandate.deadline, mandate.validFrom) = (NO_DEADLINE, far);
        vm.expectRevert(refusal);
        this.open(other, mandate, _times(START), _epoch(other));
        mandate.validFrom = START;
        uint32 boundary = START + YEAR + INTERVAL;
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooFarAhead.selector, boundary));
        this.open(other, mandate, _times(START), _epoch(other, 1, boundary, 0, 0));
    }

    function test_no_act_of_the_grid_operator_lies_further_ahead() public {
        uint32 far = uint32(block.timestamp) + YEAR + 1;
        bytes memory refusal = abi.encodeWithSelector(ICommon.TooFarAhead.selector, far);
        Confirmation memory confirmation = _confirmation(home, 70, far);
        vm.startPrank(grid);
        vm.expectRevert(refusal);
        escrow.confirmMeter(confirmation, "");
        (confirmation.from, confirmation.deadline) = (START, far);
        vm.expectRevert(refusal);
        escrow.confirmMeter(confirmation, "");
        vm.expectRevert(refusal);
        escrow.revokeMeter(home.seat, far, 2, NO_DEADLINE, "");
        vm.expectRevert(refusal);
        escrow.revokeMeter(home.seat, START, 2, far, "");
        vm.stopPrank();
    }

    function test_no_key_is_changed_in_the_far_future() public {
        uint32 far = uint32(block.timestamp) + YEAR + 1;
        RotateKey memory rotation = _rotation(home, 0x7e47, far);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooFarAhead.selector, far));
        escrow.rotateKey(rotation, "", "", "");
        (rotation.from, rotation.deadline) = (START, far);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooFarAhead.selector, far));
        escrow.rotateKey(rotation, "", "", "");
    }

    function test_withdrawals_and_closings_are_bounded_too() public {
        uint32 far = uint32(block.timestamp) + YEAR + 1;
        bytes memory refusal = abi.encodeWithSelector(ICommon.TooFarAhead.selector, far);
        vm.startPrank(home.account);
        vm.expectRevert(refusal);
        escrow.requestWithdrawal(Withdrawal(home.account, home.seat, 1, address(7), 0, far), "");
        vm.expectRevert(refusal);
        escrow.closeSeat(home.seat, 2, far, "");
        vm.stopPrank();
    }

    function test_epochs_of_a_seat_advance_by_a_bounded_step() public {
        EpochStart memory epoch = _epoch(home, 102, START, 0, 0);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 1, 102));
        escrow.startEpoch(home.seat, epoch, "", "", "");
    }

    /// The registers that an older consent began with do not open another seat.
    function test_an_older_start_of_the_registers_opens_no_other_seat() public {
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        EpochStart memory old = _epoch(home);
        Mandate memory mandate = _mandate(heir);
        vm.expectRevert(ICommon.WrongParty.selector);
        this.open(heir, mandate, _times(START + 1), old);
        old.account = heir.account;
        old.rules = keccak256("other rules");
        vm.expectRevert(ICommon.WrongParty.selector);
        this.open(heir, mandate, _times(START + 1), old);
    }
}
