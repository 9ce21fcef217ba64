// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Mandate, EpochStart} from "../../../contracts/src/ISeats.sol";
import {Confirmation} from "../../../contracts/src/IMeters.sol";
import {TypedData} from "../../../contracts/src/TypedData.sol";

/// Somebody keeps what the grid operator signed of a meter, or an account of its seat, and carries it out after something else was said.
contract OldInstructionsTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 0);
        vm.assertEq(escrow.instructionOf(home.meter, area), 1);
    }

    function _signed(Confirmation memory confirmation) private view returns (bytes memory) {
        return _sign(GRID_KEY, hashes.hash(confirmation));
    }

    function _signedRevocation(uint64 seat, uint32 version) private view returns (bytes memory) {
        return _sign(GRID_KEY, TypedData.hashRevoke(seat, START, version, NO_DEADLINE));
    }

    function _newer(uint32 version) private view returns (Mandate memory mandate) {
        mandate = _mandate(home);
        mandate.version = version;
    }

    function _refuse(uint32 version) private {
        vm.expectRevert(abi.encodeWithSelector(ICommon.OldVersion.selector, version));
    }

    /// The larger nameplate was a mistake, and was corrected before anybody had carried it to the chain.
    function test_an_older_confirmation_does_not_replace_a_newer_one() public {
        Confirmation memory older = _confirmation(home, 9000, START);
        bytes memory signature = _signed(older);
        Confirmation memory newer = _confirmation(home, 50, START);
        newer.version = 3;
        escrow.confirmMeter(newer, _signed(newer));
        _refuse(2);
        escrow.confirmMeter(older, signature);
        vm.assertEq(escrow.instructionOf(home.meter, area), 3);
    }

    function test_an_older_revocation_does_not_end_a_newer_confirmation() public {
        bytes memory signature = _signedRevocation(home.seat, 2);
        Confirmation memory newer = _confirmation(home, 50, START);
        newer.version = 3;
        escrow.confirmMeter(newer, _signed(newer));
        _refuse(2);
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, signature);
        vm.assertEq(escrow.meterView(home.meter).bars, 0);
    }

    /// Of two that were signed with one version, the first that is carried out counts.
    function test_of_one_version_one_counts() public {
        Confirmation memory confirmation = _confirmation(home, 50, START);
        bytes memory signature = _signed(confirmation);
        _confirm(home, 60, START);
        _refuse(2);
        escrow.confirmMeter(confirmation, signature);
        bytes memory revocation = _signedRevocation(home.seat, 2);
        _refuse(2);
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, revocation);
    }

    function test_an_older_revocation_does_not_follow_a_newer_one() public {
        bytes memory signature = _signedRevocation(home.seat, 2);
        escrow.revokeMeter(home.seat, START, 3, NO_DEADLINE, _signedRevocation(home.seat, 3));
        _confirm(home, 50, START + DAY);
        _refuse(2);
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, signature);
    }

    /// What was signed of the meter in the seat that it leaves is older than what is said of it in the next one.
    function test_another_seat_of_the_area_does_not_make_an_old_one_new() public {
        bytes memory signature = _signedRevocation(home.seat, 2);
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        heir.seat = _open(heir, _mandate(heir), START + DAY, _epoch(heir));
        _confirm(heir, 70, START + DAY);
        _refuse(2);
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, signature);
    }

    /// Each area counts for itself: no grid operator can close another one's doors.
    function test_another_areas_grid_operator_counts_for_itself() public {
        Home memory heir = home;
        uint32 first = area;
        rules = _openArea(_rules(2));
        (rulesHash, area) = (hashes.hash(rules), rules.area);
        heir.seat = _open(heir, _mandate(heir), START + DAY, _epoch(heir));
        _confirm(heir, 70, START + DAY);
        vm.assertEq(escrow.instructionOf(home.meter, area), 1);
        vm.assertEq(escrow.instructionOf(home.meter, first), 1);
    }

    /// No version is the last one by accident.
    function test_a_version_advances_by_a_bounded_step() public {
        Confirmation memory far = _confirmation(home, 50, START);
        far.version = 10_002;
        bytes memory signature = _signed(far);
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 1, 10_002));
        escrow.confirmMeter(far, signature);
        far.version = 10_001;
        escrow.confirmMeter(far, _signed(far));
        signature = _signedRevocation(home.seat, 20_002);
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 10_001, 20_002));
        escrow.revokeMeter(home.seat, START, 20_002, NO_DEADLINE, signature);
    }

    /// Nor does what the grid operator carries out itself, without a signature, leave an older one in force.
    function test_its_own_transaction_makes_older_signatures_void() public {
        bytes memory signature = _signedRevocation(home.seat, 2);
        Confirmation memory own = _confirmation(home, 50, START);
        own.version = 2;
        vm.startPrank(grid);
        escrow.confirmMeter(own, "");
        _refuse(2);
        escrow.confirmMeter(own, "");
        vm.stopPrank();
        _refuse(2);
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, signature);
    }

    /// The account thought better of it, and signed other limits instead.
    function test_an_older_closing_does_not_end_a_newer_mandate() public {
        bytes memory signature = _signedClosing(home, 2);
        _change(home, _newer(2));
        _refuse(2);
        escrow.closeSeat(home.seat, 2, NO_DEADLINE, signature);
        vm.assertEq(escrow.seatView(home.seat).closedFrom, 0);
        escrow.closeSeat(home.seat, 3, NO_DEADLINE, _signedClosing(home, 3));
    }

    /// The other limits were signed first, and nobody is to come back to them once the seat is closed.
    function test_an_older_mandate_does_not_open_a_seat_that_was_closed_since() public {
        Mandate memory older = _newer(2);
        bytes memory signature = _sign(home.accountKey, hashes.hash(older));
        _close(home);
        vm.assertEq(escrow.seatView(home.seat).version, 2);
        vm.warp(START + DAY);
        EpochStart memory epoch = _epoch(home);
        bytes memory consent = _consent(home, home.meterKey, rulesHash, START + DAY);
        bytes memory begins = _sign(home.meterKey, hashes.hash(epoch));
        _refuse(2);
        escrow.openSeat(older, signature, _times(START + DAY), consent, epoch, begins);
        older.version = 3;
        signature = _sign(home.accountKey, hashes.hash(older));
        escrow.openSeat(older, signature, _times(START + DAY), consent, epoch, begins);
    }

    /// Of a closing, too, no version is the last one by accident, and a transaction of the account's own counts as a signature does.
    function test_a_closing_advances_by_a_bounded_step_and_by_its_own_transaction() public {
        bytes memory signature = _signedClosing(home, 10_002);
        vm.expectRevert(abi.encodeWithSelector(ICommon.StepTooLarge.selector, 1, 10_002));
        escrow.closeSeat(home.seat, 10_002, NO_DEADLINE, signature);
        vm.startPrank(home.account);
        _refuse(1);
        escrow.closeSeat(home.seat, 1, NO_DEADLINE, "");
        escrow.closeSeat(home.seat, 2, NO_DEADLINE, "");
        vm.stopPrank();
        vm.assertEq(escrow.seatView(home.seat).version, 2);
    }
}
