// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {AreaRules, IAreas} from "../../../contracts/src/IAreas.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";

/// Whoever sees an area or a seat being opened cannot take its place.
contract RegistrationFrontRunTest is Street {
    /// The number is in the hash of the rules, and only the grid operator that they name may open them.
    function test_nobody_takes_the_number_of_an_area_that_is_being_opened() public {
        address stranger = address(0xbad);
        AreaRules memory ours = _numbered(_rules(2));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, stranger));
        escrow.openArea(ours, _nobody(), stranger);
        AreaRules memory theirs = _rules(2);
        theirs.grid = stranger;
        uint32 number = hashes.areaNumber(theirs);
        theirs.area = ours.area;
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAreas.WrongArea.selector, number));
        escrow.openArea(theirs, _nobody(), stranger);
        _openArea(ours);
        vm.assertEq(escrow.gridOf(ours.area), grid);
    }

    function test_an_opening_relayed_by_another_opens_the_same_seat() public {
        Home memory other = _home(5);
        Mandate memory mandate = _mandate(other);
        bytes memory accountSignature = _sign(other.accountKey, hashes.hash(mandate));
        bytes memory consent = _consent(other, other.meterKey, mandate.rules, START);
        bytes memory epochSignature = _sign(other.meterKey, hashes.hash(_epoch(other)));
        vm.prank(address(0xbad));
        uint64 seat = escrow.openSeat(mandate, accountSignature, _times(START), consent, _epoch(other), epochSignature);
        vm.assertEq(escrow.seatView(seat).account, other.account);
        // The front-runner cannot put itself or other registers in.
        Mandate memory stolen = _mandate(other);
        stolen.account = address(0xbad);
        vm.prank(address(0xbad));
        vm.expectRevert(ICommon.WrongParty.selector);
        escrow.openSeat(stolen, "", _times(START), consent, _epoch(other), epochSignature);
    }
}
